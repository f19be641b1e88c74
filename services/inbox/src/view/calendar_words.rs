//! The words of calendar files as OpenAPI enumerations, beside those of [`super::word`].

use utoipa::ToSchema;

/// What a calendar file is for.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum AppointmentKind {
    /// Somebody is invited, or the event is another now.
    Request,
    /// It does not take place.
    Cancel,
    /// Somebody answers an invitation.
    Reply,
    /// Somebody proposes another time or place.
    Counter,
    /// The proposal is declined.
    DeclineCounter,
    /// It is told without asking for an answer.
    Publish,
    /// Further times of an event that is known.
    Add,
    /// Somebody asks for the newest state.
    Refresh,
}

/// What somebody says to an invitation.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum Attendance {
    /// Comes.
    Accepted,
    /// Does not come.
    Declined,
    /// Perhaps comes.
    Tentative,
    /// Sends somebody else.
    Delegated,
    /// Has said nothing.
    Unknown,
}

/// What an event repeats by.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RepeatsEvery {
    /// Days.
    Day,
    /// Weeks.
    Week,
    /// Months.
    Month,
    /// Years.
    Year,
    /// Something shorter than a day.
    Moment,
}

/// A day of the week.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub enum RepeatsDay {
    /// Monday.
    Mon,
    /// Tuesday.
    Tue,
    /// Wednesday.
    Wed,
    /// Thursday.
    Thu,
    /// Friday.
    Fri,
    /// Saturday.
    Sat,
    /// Sunday.
    Sun,
}
