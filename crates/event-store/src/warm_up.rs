//! The connection, before it is needed.

use crate::EventStore;
use crate::attribute::{PK, SK, number, text};

impl EventStore {
    /// Opens the connection to DynamoDB, so that the first request doesn't wait for it. What it answers
    /// does not matter.
    pub async fn warm_up(&self) {
        let nobody = self.client.get_item().table_name(&*self.table);
        let _ = nobody.key(PK, text("-")).key(SK, number(0)).send().await;
    }
}
