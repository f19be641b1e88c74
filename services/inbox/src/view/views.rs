//! Saved views (E4).

use desk::views::{View as SavedView, ViewCounts as Counts};
use domain::filter::BuiltIn;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{Time, filters::Filters};

/// A saved view.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct View {
    /// Id.
    pub id: Uuid,
    /// Name; once among the shared views, and once among those of each person.
    pub name: String,
    /// Everybody sees it.
    pub shared: bool,
    /// Who made it.
    pub owner_id: Uuid,
    /// What it shows.
    pub filters: Filters,
    /// Its place among the shared ones, or among its owner's.
    pub position: i64,
    /// Made.
    pub created_at: Time,
    /// Last changed.
    pub updated_at: Time,
}

impl From<SavedView> for View {
    fn from(view: SavedView) -> Self {
        Self {
            id: view.id.0,
            name: view.name,
            shared: view.shared,
            owner_id: view.owner,
            filters: view.filters.into(),
            position: view.position,
            created_at: Time(view.created_at),
            updated_at: Time(view.updated_at),
        }
    }
}

/// How many tickets the views have; 1001 stands for "more than 1000".
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ViewCounts {
    /// Open and mine.
    pub mine: i64,
    /// Open and nobody's.
    pub unassigned: i64,
    /// Snoozed.
    pub snoozed: i64,
    /// Of saved views: open tickets, unless the view asks for another status.
    pub views: Vec<ViewCount>,
}

/// How many tickets a saved view has.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ViewCount {
    /// The view.
    pub id: Uuid,
    /// How many; 1001 stands for "more than 1000".
    pub count: i64,
}

impl From<Counts> for ViewCounts {
    fn from(counts: Counts) -> Self {
        let of = |view: BuiltIn| {
            counts.built_in.iter().find(|(named, _)| *named == view).map_or(0, |(_, count)| *count)
        };
        let views = counts.saved.iter().map(|(id, count)| ViewCount { id: id.0, count: *count }).collect();
        Self {
            mine: of(BuiltIn::Mine),
            unassigned: of(BuiltIn::Unassigned),
            snoozed: of(BuiltIn::Snoozed),
            views,
        }
    }
}
