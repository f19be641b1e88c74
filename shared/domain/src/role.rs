//! Who may do what (A1).

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// The four roles that may use the inbox. Anybody else has no access at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything.
    Owner,
    /// Everything but touching an owner.
    Admin,
    /// Settings of the inbox, views, quick responses, reports, tickets.
    Manager,
    /// Tickets.
    Support,
}

/// What a call needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Read and answer tickets.
    WorkTickets,
    /// Settings of the inbox, views, quick responses, reports.
    ManageInbox,
    /// Users, API keys, channels.
    ManageOrganization,
}

impl Role {
    /// Every role, strongest first.
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Manager, Self::Support];

    /// Whether this role may do that.
    pub fn may(self, permission: Permission) -> bool {
        match permission {
            Permission::WorkTickets => true,
            Permission::ManageInbox => self != Self::Support,
            Permission::ManageOrganization => matches!(self, Self::Owner | Self::Admin),
        }
    }

    /// `owner`, `admin`, `manager`, `support`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Manager => "manager",
            Self::Support => "support",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|role| role.as_str() == text)
            .ok_or_else(|| format!("{text:?} is not a role: choose owner, admin, manager or support"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a1_what_each_role_may_do() {
        use Permission::{ManageInbox, ManageOrganization, WorkTickets};
        for (role, inbox, organization) in [
            (Role::Owner, true, true),
            (Role::Admin, true, true),
            (Role::Manager, true, false),
            (Role::Support, false, false),
        ] {
            assert!(role.may(WorkTickets));
            assert_eq!(role.may(ManageInbox), inbox, "{role}");
            assert_eq!(role.may(ManageOrganization), organization, "{role}");
        }
    }
}
