//! `gatehouse backfill`: the stack's own state machine does the work; this starts it, watches it, and counts.
//!
//! It speaks to AWS with the credentials and the region of the environment or of a profile (`AWS_PROFILE`), and it needs a
//! runtime, which other commands go without.

mod progress;
mod words;

use std::path::PathBuf;
use std::time::Duration;

use aws_config::SdkConfig;
use gatehouse_backfill::{Prices, Report, Resumed, Run, Runs, Stack, Status, Tally};
use serde_json::json;

use crate::failure::Failure;
use crate::file;
use progress::Progress;

/// Where a stack's name is looked for when no option gives it.
const VARIABLE: &str = "GATEHOUSE_STACK";
/// What `make deploy` makes.
const DEFAULT: &str = "gatehouse-dev";
/// How often a run is looked at: three requests each time.
const EVERY: Duration = Duration::from_secs(2);

/// The arguments of `gatehouse backfill`.
#[derive(Debug, clap::Args)]
pub struct Arguments {
    /// The stack's source bucket
    bucket: String,
    /// Only objects whose keys begin so [default: the stack's SourcePrefix]
    #[arg(long, value_name = "PREFIX", conflicts_with_all = ["resume", "stop"])]
    prefix: Option<String>,
    /// Go on with a run that was stopped or failed; watch one that is at work; count again what became of one that is done
    #[arg(long, value_name = "EXECUTION", conflicts_with = "stop")]
    resume: Option<String>,
    /// Stop a run; it can be resumed
    #[arg(long, value_name = "EXECUTION", conflicts_with = "detach")]
    stop: Option<String>,
    /// Print the execution's ARN and leave the run to itself
    #[arg(long)]
    detach: bool,
    /// The CloudFormation stack [default: the variable GATEHOUSE_STACK, or else gatehouse-dev]
    #[arg(long, value_name = "NAME")]
    stack: Option<String>,
    /// What AWS charges, as JSON (docs/backfill.md): the report then has the cost, too
    #[arg(long, value_name = "FILE", conflicts_with_all = ["detach", "stop"])]
    prices: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A stack, and its runs.
struct House {
    aws: SdkConfig,
    stack: Stack,
    runs: Runs,
}

/// Runs the command.
pub fn run(arguments: &Arguments) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.map_err(Failure::Runtime)?.block_on(backfill(arguments))
}

async fn backfill(arguments: &Arguments) -> Result<(), Failure> {
    let prices = arguments.prices()?;
    let house = House::open(arguments).await?;
    let prefix = house.stack.prefix(&arguments.bucket, arguments.prefix.as_deref())?;
    if let Some(execution) = &arguments.stop {
        house.runs.stop(execution).await?;
        return arguments.say_of(execution, "stopped");
    }
    let execution = match &arguments.resume {
        Some(execution) => house.resume(execution).await?,
        None => house.runs.start(&prefix).await?,
    };
    if arguments.detach {
        return arguments.say_of(&execution, "running");
    }
    eprintln!("{}", words::beginning(&arguments.bucket, &execution));
    let run = house.watch(&execution).await?;
    house.report(&run, prices.as_ref(), arguments.json).await
}

impl Arguments {
    fn stack(&self) -> String {
        let given = self.stack.clone();
        given
            .or_else(|| std::env::var(VARIABLE).ok().filter(|name| !name.is_empty()))
            .unwrap_or_else(|| DEFAULT.to_owned())
    }

    fn prices(&self) -> Result<Option<Prices>, Failure> {
        let Some(path) = &self.prices else {
            return Ok(None);
        };
        Ok(Some(Prices::read(&file::read(path)?)?))
    }

    fn say_of(&self, execution: &str, status: &str) -> Result<(), Failure> {
        if self.json {
            println!("{}", json!({ "execution": execution, "status": status }));
        } else {
            println!("{status}: {execution}");
        }
        Ok(())
    }
}

impl House {
    async fn open(arguments: &Arguments) -> Result<Self, Failure> {
        let aws = crate::account::config().await;
        if aws.region().is_none() {
            return Err(Failure::NoRegion);
        }
        let stack = Stack::describe(&aws, &arguments.stack()).await?;
        let runs = Runs::new(&aws, &stack);
        Ok(Self { aws, stack, runs })
    }

    /// The execution that goes on: the same one, or another.
    async fn resume(&self, execution: &str) -> Result<String, Failure> {
        let run = self.runs.look(execution).await?;
        Ok(match self.runs.resume(&run).await? {
            Resumed::NotNeeded | Resumed::Redriven => execution.to_owned(),
            Resumed::Another(other) => {
                eprintln!("Another run lists everything again, and skips what is done.");
                other
            }
        })
    }

    /// Waits for the end of a run.
    async fn watch(&self, execution: &str) -> Result<Run, Failure> {
        let progress = Progress::start();
        loop {
            // Before the first look, too: DescribeExecution is eventually consistent, and may not know of a start yet.
            tokio::time::sleep(EVERY).await;
            let run = self.runs.look(execution).await?;
            progress.at(&run.counts);
            if run.status != Status::Running {
                progress.end();
                return Ok(run);
            }
        }
    }

    /// Counts what lies in the buckets, and prints what became of the run.
    ///
    /// What is not done to its end is a [`Failure::NotFinished`].
    async fn report(&self, run: &Run, prices: Option<&Prices>, as_json: bool) -> Result<(), Failure> {
        let progress = Progress::counting();
        let tally = Tally::of(&self.aws, &self.stack, &run.prefix, |seen| progress.add(seen)).await;
        progress.end();
        let report = Report::new(&self.stack, run, tally?, prices);
        if as_json {
            println!("{}", json!(report));
        } else {
            print!("{}", words::of(&report));
        }
        match report.is_complete() {
            true => Ok(()),
            false => Err(Failure::NotFinished {
                bucket: report.bucket,
                execution: report.execution,
            }),
        }
    }
}
