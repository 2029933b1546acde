//! The roles of the functions, taken by a test.

use aws_config::SdkConfig;
use aws_config::sts::AssumeRoleProvider;
use aws_sdk_dynamodb::config::SharedCredentialsProvider;

use crate::stack::variable;

/// What intake and the settlement are to AWS.
pub struct Roles {
    /// Clients made from it may do what intake may.
    pub intake: SdkConfig,
    /// Clients made from it may do what the settlement may.
    pub settlement: SdkConfig,
    /// Clients made from it may do everything.
    pub root: SdkConfig,
}

impl Roles {
    /// Takes both.
    pub async fn take() -> Self {
        let root = gatehouse_core::aws::config();
        Self {
            intake: taken(&root, "GATEHOUSE_BID_INTAKE_ROLE_ARN").await,
            settlement: taken(&root, "GATEHOUSE_BID_SETTLE_ROLE_ARN").await,
            root,
        }
    }
}

async fn taken(root: &SdkConfig, role: &str) -> SdkConfig {
    let provider = AssumeRoleProvider::builder(variable(role))
        .session_name("test")
        .configure(root);
    let credentials = SharedCredentialsProvider::new(provider.build().await);
    root.to_builder().credentials_provider(credentials).build()
}
