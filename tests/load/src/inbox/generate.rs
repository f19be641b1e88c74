//! Fills a database with tickets as years of work leave them, in statements of many rows.

use sqlx::{AnyConnection, AssertSqlSafe, Connection, Executor};

use super::words::{Dice, text, word};

/// Messages of a ticket.
pub const MESSAGES: u64 = 10;
/// How many colleagues there are.
pub const COLLEAGUES: u64 = 100;
/// Tickets of one step, each a transaction.
const STEP: u64 = 2_000;
/// When the first ticket came: 2023-01-01.
const FIRST: u64 = 1_672_531_200_000;
/// Between two tickets, in milliseconds: a million in less than three years.
const APART: u64 = 90_000;

/// Rows for one table.
struct Rows {
    into: &'static str,
    values: Vec<String>,
}

impl Rows {
    fn new(into: &'static str) -> Self {
        Self { into, values: Vec::new() }
    }

    async fn write(&mut self, connection: &mut AnyConnection) {
        for some in self.values.chunks(1_000) {
            let sql = format!("INSERT INTO {} VALUES {}", self.into, some.join(","));
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut *connection).await.expect("rows");
        }
        self.values.clear();
    }
}

/// An id as the product makes them: its time first.
pub fn id(kind: u64, at: u64, n: u64) -> String {
    format!("{:08x}-{:04x}-7{:03x}-8{kind:03x}-{n:012x}", at >> 16, at & 0xffff, n & 0xfff)
}

/// Id of a colleague.
pub fn colleague(n: u64) -> String {
    id(1, FIRST, n)
}

/// A word that stands in about a hundred messages, however many there are.
pub fn rare(tickets: u64) -> String {
    format!("seldom{tickets}")
}

/// Fills the database up from `from` tickets to `to`.
///
/// # Panics
/// The database refuses.
pub async fn fill(url: &str, from: u64, to: u64) {
    sqlx::any::install_default_drivers();
    let mut connection = AnyConnection::connect(url).await.expect("the database");
    let postgres = url.starts_with("postgres");
    if from == 0 {
        begin(&mut connection, postgres).await;
    }
    let mut made = Made::new(postgres);
    for start in (from..to).step_by(usize::try_from(STEP).expect("small")) {
        connection.execute("BEGIN").await.expect("a transaction");
        for n in start..to.min(start + STEP) {
            made.ticket(n, to);
        }
        made.write(&mut connection).await;
        connection.execute("COMMIT").await.expect("a transaction");
    }
    let counted = if postgres {
        format!(
            "SELECT setval('ticket_numbers', {to}), setval(pg_get_serial_sequence('search_docs', 'id'), {})",
            made.docs
        )
    } else {
        format!("UPDATE ticket_numbers SET last = {to}")
    };
    sqlx::raw_sql(AssertSqlSafe(counted)).execute(&mut connection).await.expect("numbers");
    connection.execute(if postgres { "VACUUM ANALYZE" } else { "ANALYZE" }).await.expect("statistics");
    connection.close().await.expect("an end");
}

async fn begin(connection: &mut AnyConnection, postgres: bool) {
    if !postgres {
        connection.execute("PRAGMA synchronous = OFF").await.expect("a pragma");
    }
    connection.execute("DELETE FROM search_backlog").await.expect("an index without a backlog");
    let mut users = Rows::new("users (id, email, name, role, created_at, updated_at)");
    for n in 0..COLLEAGUES {
        let (id, name) = (colleague(n), word(1_000 + n));
        users.values.push(format!("('{id}','{name}@acme.example','{name}','support',{FIRST},{FIRST})"));
    }
    users.write(connection).await;
}

/// Rows of all tables, and how many documents search has.
struct Made {
    postgres: bool,
    docs: u64,
    profiles: Rows,
    addresses: Rows,
    consents: Rows,
    tickets: Rows,
    tags: Rows,
    messages: Rows,
    documents: Rows,
    words: Rows,
}

impl Made {
    fn new(postgres: bool) -> Self {
        Self {
            postgres,
            docs: 0,
            profiles: Rows::new("profiles (id, name, created_at, updated_at)"),
            addresses: Rows::new("addresses (kind, value, profile_id, created_at)"),
            consents: Rows::new("consents (id, profile_id, kind, state, source, evidence, at)"),
            tickets: Rows::new(
                "tickets (id, number, channel, inbox, profile_id, address, status, snoozed_until, closed_at, subject, \
                 preview, assignee_id, unread, last_seq, created_at, updated_at, last_message_at, first_response_at, \
                 waiting_at)",
            ),
            tags: Rows::new("ticket_tags (ticket_id, tag)"),
            messages: Rows::new(
                "messages (id, ticket_id, seq, profile_id, channel, inbox, direction, author_kind, author_id, \
                 author_name, body, status, why, sent_at, created_at, updated_at)",
            ),
            documents: Rows::new("search_docs (id, kind, source_id, ticket_id, words)"),
            words: Rows::new("search_words (rowid, words)"),
        }
    }

    async fn write(&mut self, connection: &mut AnyConnection) {
        for rows in [
            &mut self.profiles,
            &mut self.addresses,
            &mut self.consents,
            &mut self.tickets,
            &mut self.tags,
            &mut self.messages,
            &mut self.documents,
            &mut self.words,
        ] {
            rows.write(connection).await;
        }
    }

    fn document(&mut self, doc: u64, kind: &str, source: &str, ticket: &str, words: &str) {
        self.docs = self.docs.max(doc);
        if self.postgres {
            let row = format!("({doc},'{kind}','{source}',{ticket},to_tsvector('simple','{words}'))");
            self.documents.values.push(row);
        } else {
            self.documents.values.push(format!("({doc},'{kind}','{source}',{ticket},' {words} ')"));
            self.words.values.push(format!("({doc},'{words}')"));
        }
    }

    /// The n-th ticket: every customer has two, one by text and one by mail. A tenth is open.
    fn ticket(&mut self, n: u64, of: u64) {
        let (mut dice, at) = (Dice::new(n + 1), FIRST + n * APART);
        let (customer, doc) = (n / 2, 1 + n * (MESSAGES + 2));
        let profile = id(2, FIRST + customer * 2 * APART, customer);
        let mail = n % 2 == 1;
        if !mail {
            self.customer(customer, &profile, doc, at);
        }
        let ticket = id(3, at, n);
        let (channel, inbox, address) = if mail {
            ("email", "support@acme.example", format!("customer{customer}@mail.example"))
        } else {
            ("sms", "+15550001111", format!("+1{}", 2_000_000_000 + customer))
        };
        let last = at + MESSAGES * 60_000;
        let subject = if mail { format!("'{} {n}'", word(dice.roll(5_000))) } else { "NULL".to_owned() };
        let (status, snoozed, closed) = match dice.roll(100) {
            0..8 => ("open", "NULL".to_owned(), "NULL".to_owned()),
            8..10 => ("snoozed", "4102444800000".to_owned(), "NULL".to_owned()),
            _ => ("closed", "NULL".to_owned(), last.to_string()),
        };
        let assignee = match dice.roll(2) {
            0 => "NULL".to_owned(),
            _ => format!("'{}'", colleague(dice.roll(COLLEAGUES))),
        };
        let waits = status == "open" && dice.roll(3) == 0;
        let waiting = if waits { last } else { 9_007_199_254_740_991 };
        let unread = u8::from(waits);
        self.tickets.values.push(format!(
            "('{ticket}',{number},'{channel}','{inbox}','{profile}','{address}','{status}',{snoozed},{closed},{subject},\
             '{preview}',{assignee},{unread},{MESSAGES},{at},{last},{last},{at},{waiting})",
            number = n + 1,
            preview = text(&mut dice),
        ));
        if dice.roll(3) == 0 {
            self.tags.values.push(format!("('{ticket}','{}')", word(500 + dice.roll(40))));
        }
        for seq in 1..=MESSAGES {
            let (message, sent) = (id(4, at + seq * 60_000, n * MESSAGES + seq), at + seq * 60_000);
            let mut words = text(&mut dice);
            if seq == 1 && n * 100 / of != (n + 1) * 100 / of {
                words = format!("{words} {}", rare(of));
            }
            let (direction, author, by, name, status) = if seq % 2 == 1 {
                ("in", "customer", "NULL".to_owned(), "NULL", "received")
            } else {
                ("out", "agent", format!("'{}'", colleague(0)), "'Kim'", "delivered")
            };
            self.messages.values.push(format!(
                "('{message}','{ticket}',{seq},'{profile}','{channel}','{inbox}','{direction}','{author}',{by},{name},\
                 '{words}','{status}','one thread per person',{sent},{sent},{sent})"
            ));
            self.document(doc + 1 + seq, "message", &message, &format!("'{ticket}'"), &words);
        }
    }

    fn customer(&mut self, n: u64, profile: &str, doc: u64, at: u64) {
        let name = format!("{} {}", word(2_000 + n % 900), word(3_000 + n % 7_000));
        let (number, mail) = (format!("+1{}", 2_000_000_000 + n), format!("customer{n}@mail.example"));
        self.profiles.values.push(format!("('{profile}','{name}',{at},{at})"));
        self.addresses.values.push(format!("('phone','{number}','{profile}',{at})"));
        self.addresses.values.push(format!("('email','{mail}','{profile}',{at})"));
        let (consent, evidence) = (id(5, at, n), "JOIN");
        self.consents.values.push(format!(
            "('{consent}','{profile}','transactional','subscribed','keyword','{evidence}',{at})"
        ));
        let words = format!("{name} 1{} customer{n} mail example", 2_000_000_000 + n);
        self.document(doc, "profile", profile, "NULL", &words);
    }
}
