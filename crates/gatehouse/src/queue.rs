//! `gatehouse queue`: what failed in a stack, for whoever is on call.
//!
//! The only commands that speak to AWS, with the credentials and the region of the environment or of a profile
//! (`AWS_PROFILE`); and the only ones that need a runtime, so that no other command pays for one.

mod drop;
mod list;
mod progress;
mod redrive;
mod show;
mod table;

use aws_config::SdkConfig;
use gatehouse_queues::{Queue, Stack};

use crate::failure::Failure;

/// Where a stack's name is looked for when no option gives it.
const VARIABLE: &str = "GATEHOUSE_STACK";
/// What `make deploy` makes.
const DEFAULT: &str = "gatehouse-dev";

/// What can be done with the queues.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// List the queues, with how much is in them and how old it is
    List(list::Arguments),
    /// Count what is in a queue by its reason, and show messages
    Show(show::Arguments),
    /// Put messages back where they came from, so that their work starts again
    Redrive(redrive::Arguments),
    /// Delete messages for good
    Drop(drop::Arguments),
}

/// Which stack.
#[derive(Debug, clap::Args)]
pub struct StackName {
    /// The CloudFormation stack [default: the variable GATEHOUSE_STACK, or else gatehouse-dev]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
}

/// Which queue of which stack.
#[derive(Debug, clap::Args)]
pub struct QueueName {
    /// The queue's name, as `gatehouse queue list` has it, such as rejected
    #[arg(value_name = "QUEUE")]
    queue: String,
    #[command(flatten)]
    stack: StackName,
}

/// A stack, and how to speak to its queues.
struct House {
    aws: SdkConfig,
    stack: Stack,
    sqs: aws_sdk_sqs::Client,
}

impl StackName {
    fn or_default(&self) -> String {
        let given = self.stack.clone();
        given
            .or_else(|| std::env::var(VARIABLE).ok().filter(|name| !name.is_empty()))
            .unwrap_or_else(|| DEFAULT.to_owned())
    }

    async fn open(&self) -> Result<House, Failure> {
        let aws = crate::account::config().await;
        if aws.region().is_none() {
            return Err(Failure::NoRegion);
        }
        let stack = Stack::describe(&aws, &self.or_default()).await?;
        let sqs = aws_sdk_sqs::Client::new(&aws);
        Ok(House { aws, stack, sqs })
    }
}

impl QueueName {
    async fn open(&self) -> Result<(House, Queue), Failure> {
        let house = self.stack.open().await?;
        let queue = house.stack.queue(&self.queue)?;
        Ok((house, queue))
    }

    /// To take from it, and not only to look.
    async fn open_failures(&self) -> Result<(House, Queue), Failure> {
        let house = self.stack.open().await?;
        let queue = house.stack.queue_of_failures(&self.queue)?;
        Ok((house, queue))
    }
}

/// Runs the command.
pub fn run(command: &Command) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::Runtime)?.block_on(async {
        match command {
            Command::List(arguments) => list::run(arguments).await,
            Command::Show(arguments) => show::run(arguments).await,
            Command::Redrive(arguments) => redrive::run(arguments).await,
            Command::Drop(arguments) => drop::run(arguments).await,
        }
    })
}
