//! Accounts by their numbers.

use sysinfo::{Uid, Users};

use crate::system::SystemError;

/// All accounts of this computer.
pub struct People(Users);

impl People {
    pub fn open() -> Result<Self, SystemError> {
        Users::new().map(Self).map_err(|error| SystemError::Failed(error.to_string()))
    }

    pub fn refresh(&mut self) {
        self.0.refresh();
    }

    /// Its name; its number where it has none.
    pub fn name(&mut self, account: &Uid) -> String {
        self.0.get_user_by_id(account).map_or_else(|| account.to_string(), |user| user.name().to_owned())
    }
}
