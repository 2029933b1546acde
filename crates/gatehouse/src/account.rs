//! Whose AWS account a command works in.

use aws_config::{BehaviorVersion, SdkConfig};
use gatehouse_core::aws::{retries, timeouts};

/// What a person's other AWS tools use as well: environment, profile, container or machine. Tries and time-outs are those of our
/// functions.
pub async fn config() -> SdkConfig {
    aws_config::defaults(BehaviorVersion::latest())
        .retry_config(retries())
        .timeout_config(timeouts())
        .load()
        .await
}
