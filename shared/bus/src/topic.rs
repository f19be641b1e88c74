//! Every subject with the type that travels on it: the map of the system.

use std::marker::PhantomData;

use domain::event::{
    AgentPresence, AgentsOnline, BulkChanged, ChatFrames, ChatHistory, ChatHistoryQuery, ChatPush,
    ChatStanding, ChatStandingQuery, ClaimSend, DeadLetter, DeliveryReported, FetchMedia, InboundChat,
    InboundEmail, InboundHeld, InboundSms, JudgeMail, LinkClicked, MailJudged, MailboxChanged, MailboxPolled,
    MediaFetched, MessageAdded, MessageChanged, MessageMoved, NoteAdded, NoteRemoved, OutboundEmail,
    OutboundSms, OutboundWebhook, PastChat, PastChatsQuery, PollMark, PollMarkQuery, ProfileErased,
    ProfileMerged, RefreshTokenGiven, RefreshTokenQuery, ReleaseSend, ReplyProposed, RoutingChanged,
    SendDecision, SmsReceipt, TicketChanged, Typing, ViewChanged, VisitorSignal, WebhookTried, WebhookWork,
};
use domain::{SessionId, Timestamp, UserId, settings::Settings};
use uuid::Uuid;

/// Where durable events are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stream {
    /// What came in, for ticketing: kept until handled; when full, refused (never dropped).
    Inbound,
    /// What goes out, for the notifier: kept until handled; when full, refused.
    Outbound,
    /// What happened at the desk, for everybody: kept 72 hours, read by any number.
    Events,
    /// What could not be handled: kept until ticketing has put it into the ledger.
    Dead,
}

impl Stream {
    /// Every stream.
    pub const ALL: [Self; 4] = [Self::Inbound, Self::Outbound, Self::Events, Self::Dead];

    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Inbound => "INBOUND",
            Self::Outbound => "OUTBOUND",
            Self::Events => "EVENTS",
            Self::Dead => "DEAD",
        }
    }

    /// The subjects it keeps, NATS style.
    pub fn subjects(self) -> &'static [&'static str] {
        match self {
            Self::Inbound => &["inbound.>", "receipt.>", "visitor.>", "reply.>", "delivery.>"],
            Self::Outbound => &["outbound.>"],
            Self::Events => &["desk.>"],
            Self::Dead => &["dead.>"],
        }
    }

    /// The stream that keeps a subject.
    pub fn of(subject: &str) -> Option<Self> {
        let first = subject.split('.').next()?;
        Self::ALL.into_iter().find(|s| s.subjects().iter().any(|kept| kept.strip_suffix(".>") == Some(first)))
    }

    /// Whether an event goes once it is handled (a work queue), or stays for other readers.
    pub fn is_work_queue(self) -> bool {
        self != Self::Events
    }
}

/// Whether a pattern, NATS style (`*` one token, a last `>` one or more), names a subject.
pub(crate) fn matches(pattern: &str, subject: &str) -> bool {
    let (mut wanted, mut given) = (pattern.split('.'), subject.split('.'));
    loop {
        match (wanted.next(), given.next()) {
            (None, None) => return true,
            (Some(">"), Some(_)) => return true,
            (Some(w), Some(g)) if w == "*" || w == g => {}
            _ => return false,
        }
    }
}

/// Whether there can be a subject that both patterns name.
pub(crate) fn overlap(one: &str, other: &str) -> bool {
    let (mut a, mut b) = (one.split('.'), other.split('.'));
    loop {
        match (a.next(), b.next()) {
            (None, None) => return true,
            (Some(">"), Some(_)) | (Some(_), Some(">")) => return true,
            (Some(x), Some(y)) if x == "*" || y == "*" || x == y => {}
            _ => return false,
        }
    }
}

/// A durable subject and its type. Publishing another type does not compile.
pub struct Topic<T> {
    /// The subject.
    pub subject: &'static str,
    kind: PhantomData<fn(T)>,
}

/// A subject for what is never stored.
pub struct Signal<T> {
    /// The subject.
    pub subject: &'static str,
    kind: PhantomData<fn(T)>,
}

/// Subjects for what is never stored and meant for few: whoever listens for the same key hears it, nobody else does.
pub struct Direct<T> {
    /// What stands before the key.
    prefix: &'static str,
    kind: PhantomData<fn(T)>,
}

impl<T> Direct<T> {
    /// The subject of a key.
    pub fn subject(self, key: Uuid) -> String {
        format!("{}.{key}", self.prefix)
    }
}

/// A question and its answer.
pub struct Question<Q, A> {
    /// The subject.
    pub subject: &'static str,
    kind: PhantomData<fn(Q) -> A>,
}

macro_rules! subject {
    ($name:ident<$($type:ident),+>) => {
        subject!($name<$($type),+> by subject);
    };
    ($name:ident<$($type:ident),+> by $field:ident) => {
        impl<$($type),+> Clone for $name<$($type),+> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<$($type),+> Copy for $name<$($type),+> {}
        impl<$($type),+> $name<$($type),+> {
            /// Names a subject; all of them stand in this file.
            pub const fn new($field: &'static str) -> Self {
                Self { $field, kind: PhantomData }
            }
        }
    };
}
subject!(Topic<T>);
subject!(Signal<T>);
subject!(Question<Q, A>);
subject!(Direct<T> by prefix);

/// sms-ingest → ticketing.
pub const INBOUND_SMS: Topic<InboundSms> = Topic::new("inbound.sms");
/// email-ingest → ticketing.
pub const INBOUND_EMAIL: Topic<InboundEmail> = Topic::new("inbound.email");
/// web-chat → ticketing.
pub const INBOUND_CHAT: Topic<InboundChat> = Topic::new("inbound.chat");
/// Any door → ticketing: refused, but kept for the ledger.
pub const INBOUND_HELD: Topic<InboundHeld> = Topic::new("inbound.held");
/// sms-ingest → ticketing.
pub const RECEIPT_SMS: Topic<SmsReceipt> = Topic::new("receipt.sms");
/// web-chat → ticketing.
pub const VISITOR_SIGNAL: Topic<VisitorSignal> = Topic::new("visitor.signal");
/// auto-responder → ticketing.
pub const REPLY_PROPOSED: Topic<ReplyProposed> = Topic::new("reply.proposed");
/// notifier → ticketing.
pub const DELIVERY_REPORTED: Topic<DeliveryReported> = Topic::new("delivery.reported");
/// notifier → ticketing.
pub const MEDIA_FETCHED: Topic<MediaFetched> = Topic::new("delivery.media");
/// email-ingest → ticketing.
pub const MAIL_JUDGED: Topic<MailJudged> = Topic::new("delivery.trust");

/// desk → notifier.
pub const OUTBOUND_SMS: Topic<OutboundSms> = Topic::new("outbound.sms");
/// desk → notifier.
pub const OUTBOUND_EMAIL: Topic<OutboundEmail> = Topic::new("outbound.email");
/// desk → notifier: files of a text that lie at its carrier.
pub const OUTBOUND_MEDIA: Topic<FetchMedia> = Topic::new("outbound.media");
/// desk → email-ingest: is this mail's sender who it says? It is work for one, so it cannot be heard on `inbound.email`,
/// which ticketing takes from its queue.
pub const OUTBOUND_TRUST: Topic<JudgeMail> = Topic::new("outbound.trust");
/// desk → notifier: something is to be told to a program elsewhere.
pub const OUTBOUND_WEBHOOK: Topic<OutboundWebhook> = Topic::new("outbound.webhook");

/// A customer wrote.
pub const MESSAGE_RECEIVED: Topic<MessageAdded> = Topic::new("desk.message.received");
/// The organisation wrote; the message is on its way.
pub const MESSAGE_QUEUED: Topic<MessageAdded> = Topic::new("desk.message.queued");
/// A message was sent, delivered, read or failed.
pub const MESSAGE_MOVED: Topic<MessageMoved> = Topic::new("desk.message.moved");
/// A message is not what it was: its files came, it is sent at another time.
pub const MESSAGE_CHANGED: Topic<MessageChanged> = Topic::new("desk.message.changed");
/// Somebody followed a short link.
pub const LINK_CLICKED: Topic<LinkClicked> = Topic::new("desk.link.clicked");
/// An agent wrote a note.
pub const NOTE_ADDED: Topic<NoteAdded> = Topic::new("desk.note.added");
/// A note was taken back.
pub const NOTE_REMOVED: Topic<NoteRemoved> = Topic::new("desk.note.removed");
/// A ticket changed without a new message.
pub const TICKET_CHANGED: Topic<TicketChanged> = Topic::new("desk.ticket.changed");
/// A saved view was made, changed or deleted.
pub const VIEW_CHANGED: Topic<ViewChanged> = Topic::new("desk.view.changed");
/// A change of many tickets got on.
pub const BULK_CHANGED: Topic<BulkChanged> = Topic::new("desk.bulk.changed");
/// Two profiles became one, or are two again.
pub const PROFILE_MERGED: Topic<ProfileMerged> = Topic::new("desk.profile.merged");
/// A person is erased.
pub const PROFILE_ERASED: Topic<ProfileErased> = Topic::new("desk.profile.erased");
/// Teams, rules, tags, or who can be given tickets are not what they were.
pub const ROUTING_CHANGED: Topic<RoutingChanged> = Topic::new("desk.routing.changed");
/// Something about a mailbox is new.
pub const MAILBOX_CHANGED: Topic<MailboxChanged> = Topic::new("desk.mailbox.changed");
/// The settings as they are now.
pub const SETTINGS_CHANGED: Topic<Settings> = Topic::new("desk.settings.changed");

/// Any consumer → ticketing.
pub const DEAD: Topic<DeadLetter> = Topic::new("dead.letter");

/// web-chat, inbox → inbox: who is typing.
pub const TYPING: Signal<Typing> = Signal::new("signal.typing");

/// desk, inbox → the web-chat nodes that hold the session: what is new in a chat. Whatever is stored goes into EVENTS as well;
/// what gets lost here is found by [`CHAT_STANDING`].
pub const CHAT_PUSH: Direct<ChatPush> = Direct::new("live.chat");

/// desk → web-chat: a session had its first message. Nodes do not listen for sessions that have none.
pub const CHAT_BEGAN: Signal<SessionId> = Signal::new("signal.chat_began");

/// desk → web-chat: the settings as they are now.
pub const SETTINGS_NOW: Signal<Settings> = Signal::new("signal.settings");

/// inbox → inbox: which agent is at which ticket.
pub const AGENT_PRESENCE: Signal<AgentPresence> = Signal::new("signal.presence");
/// inbox → inbox: somebody, or a key, may not be let in as before; open streams are looked at again.
pub const ACCESS_CHANGED: Signal<UserId> = Signal::new("signal.access");

/// inbox → web-chat, auto-responder: how many agents are there.
pub const AGENTS_ONLINE: Signal<AgentsOnline> = Signal::new("signal.agents");
/// web-chat → web-chat: frames for a stream that another node holds.
pub const CHAT_FRAMES: Signal<ChatFrames> = Signal::new("signal.chat_frames");

/// inbox → everybody: numbers, mailboxes or sites are set up otherwise than before.
pub const CHANNELS_CHANGED: Signal<()> = Signal::new("signal.channels");

/// desk → ticketing: something is to happen at that time.
pub const TIMER_SET: Signal<Timestamp> = Signal::new("signal.timer");

/// notifier → ticketing: what is to be posted in this try?
pub const WEBHOOK_WORK: Question<OutboundWebhook, WebhookWork> = Question::new("ask.webhook_work");
/// notifier → ticketing: how a try went.
pub const WEBHOOK_TRIED: Question<WebhookTried, ()> = Question::new("ask.webhook_tried");
/// notifier → ticketing: may this go out now?
pub const CLAIM_SEND: Question<ClaimSend, SendDecision> = Question::new("ask.claim_send");
/// notifier → ticketing: it surely did not go out; give it back.
pub const RELEASE_SEND: Question<ReleaseSend, ()> = Question::new("ask.release_send");
/// web-chat → ticketing: what did this session miss?
pub const CHAT_HISTORY: Question<ChatHistoryQuery, ChatHistory> = Question::new("ask.chat_history");
/// web-chat → ticketing: how far are these sessions?
pub const CHAT_STANDING: Question<ChatStandingQuery, Vec<ChatStanding>> = Question::new("ask.chat_standing");
/// web-chat → ticketing: what did somebody say in earlier chats?
pub const PAST_CHATS: Question<PastChatsQuery, Vec<PastChat>> = Question::new("ask.past_chats");
/// email-ingest → ticketing: how far was a mailbox read?
pub const POLL_MARK: Question<PollMarkQuery, Option<PollMark>> = Question::new("ask.poll_mark");
/// email-ingest → ticketing: how far a mailbox is read, or why it cannot be.
pub const MAILBOX_POLLED: Question<MailboxPolled, ()> = Question::new("ask.mailbox_polled");
/// email-ingest, notifier → ticketing: what is the last refresh token of a grant, sealed?
pub const REFRESH_TOKEN: Question<RefreshTokenQuery, Option<String>> = Question::new("ask.refresh_token");
/// email-ingest, notifier → ticketing: a provider gave another one.
pub const REFRESH_TOKEN_GIVEN: Question<RefreshTokenGiven, ()> = Question::new("ask.refresh_token_given");
/// auto-responder, web-chat → ticketing: the settings.
pub const SETTINGS: Question<(), Settings> = Question::new("ask.settings");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_is_kept_by_the_stream_of_its_first_word() {
        assert_eq!(Stream::of("inbound.sms"), Some(Stream::Inbound));
        assert_eq!(Stream::of("delivery.reported"), Some(Stream::Inbound));
        assert_eq!(Stream::of("desk.message.received"), Some(Stream::Events));
        assert_eq!(Stream::of("inbounds.sms"), None);
        assert_eq!(Stream::of(""), None);
    }

    #[test]
    fn patterns_match_like_nats_does() {
        for (pattern, subject, matched) in [
            ("inbound.>", "inbound.sms", true),
            ("inbound.>", "inbound", false),
            ("inbound.*", "inbound.sms", true),
            ("inbound.*", "inbound.sms.x", false),
            ("desk.*.received", "desk.message.received", true),
            ("desk.ticket", "desk.ticket.changed", false),
            ("inbound.sms", "inbound.sms", true),
        ] {
            assert_eq!(matches(pattern, subject), matched, "{pattern} {subject}");
        }
    }

    #[test]
    fn two_patterns_overlap_when_one_subject_can_have_both() {
        for (one, other, overlapping) in [
            ("inbound.>", "inbound.sms", true),
            ("inbound.sms", "inbound.email", false),
            ("*.sms", "inbound.*", true),
            ("inbound.sms", "inbound.sms.x", false),
            (">", "x", true),
        ] {
            assert_eq!(overlap(one, other), overlapping, "{one} {other}");
            assert_eq!(overlap(other, one), overlapping, "{other} {one}");
        }
    }
}
