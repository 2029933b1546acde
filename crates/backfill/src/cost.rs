//! What a run is charged for, at most, and what that costs at given prices.
//!
//! Nobody has to be asked for it: in its time, a run can have been charged for no more than all its places at work, all the
//! time. Free tiers, discounts and the traffic that S3 may charge for are left out. Prices differ from region to region and
//! from year to year, so there are none in here.

use serde::{Deserialize, Serialize};

use crate::error::BackfillError;

/// Express executions are charged by 64 MB at least (AWS Step Functions pricing), and ours hold no more.
const EXPRESS_GB: f64 = 64.0 / 1024.0;
/// For each photo: is it published, the photo, is it still not published (README, "Four ways to write back").
const READS_PER_OBJECT: u64 = 3;
/// For each photo: the published one.
const WRITES_PER_OBJECT: u64 = 1;
/// Each batch may be called so often, when it fails.
const CALLS_PER_FAILED_BATCH: u64 = 3;
/// Objects in one answer of ListObjectsV2; the run lists the source, and the report both buckets.
const PER_PAGE: u64 = 1000;
const LISTINGS: u64 = 3;

/// How much a run worked, or can have worked.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Work {
    /// How long it was at work, in seconds.
    pub seconds: f64,
    /// How many batches were at work at the same time, at most.
    pub concurrency: u32,
    /// How many batches there were.
    pub batches: u64,
    /// How many objects there were in them.
    pub objects: u64,
    /// The function's memory in MB.
    pub memory: u32,
}

/// What AWS counts of a run, at most.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Usage {
    /// Of the function.
    pub lambda_gb_seconds: f64,
    /// Calls of the function.
    pub lambda_requests: u64,
    /// The batches' Express executions.
    pub step_functions_executions: u64,
    /// Of these executions.
    pub step_functions_gb_seconds: f64,
    /// PUT and LIST.
    pub s3_writes: u64,
    /// GET and HEAD.
    pub s3_reads: u64,
}

impl Usage {
    /// At most so much.
    pub fn at_most(work: &Work) -> Self {
        let places = u64::from(work.concurrency).min(work.batches) as f64;
        let busy = work.seconds * places;
        Self {
            lambda_gb_seconds: busy * f64::from(work.memory) / 1024.0,
            lambda_requests: work.batches * CALLS_PER_FAILED_BATCH,
            step_functions_executions: work.batches,
            step_functions_gb_seconds: busy * EXPRESS_GB,
            s3_writes: work.objects * WRITES_PER_OBJECT + work.objects.div_ceil(PER_PAGE) * LISTINGS,
            s3_reads: work.objects * READS_PER_OBJECT,
        }
    }
}

/// What AWS charges in one region, in whatever currency, as a JSON file has it.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Prices {
    /// A GB-second of a function of the stack's architecture.
    lambda_gb_second: f64,
    /// A million calls of a function.
    lambda_million_requests: f64,
    /// A million Express executions.
    step_functions_million_executions: f64,
    /// A GB-second of an Express execution.
    step_functions_gb_second: f64,
    /// A thousand PUT or LIST requests.
    s3_thousand_writes: f64,
    /// A thousand GET or HEAD requests.
    s3_thousand_reads: f64,
}

impl Prices {
    /// Reads a file's content.
    ///
    /// # Errors
    /// [`BackfillError::Prices`] names the field that is missing, is no price, or is none of these.
    pub fn read(json: &[u8]) -> Result<Self, BackfillError> {
        serde_json::from_slice(json).map_err(|error| BackfillError::Prices(error.to_string()))
    }
}

/// What a run cost, at most, by service; in the currency of the prices.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Cost {
    /// The function.
    pub lambda: f64,
    /// The batches' executions.
    pub step_functions: f64,
    /// Listing, reading and writing objects.
    pub s3: f64,
    /// All of it.
    pub total: f64,
}

impl Cost {
    /// Of so much, at these prices.
    pub fn of(usage: &Usage, prices: &Prices) -> Self {
        let million = |count: u64, price: f64| count as f64 / 1e6 * price;
        let thousand = |count: u64, price: f64| count as f64 / 1e3 * price;
        let lambda = usage.lambda_gb_seconds * prices.lambda_gb_second
            + million(usage.lambda_requests, prices.lambda_million_requests);
        let step_functions = usage.step_functions_gb_seconds * prices.step_functions_gb_second
            + million(
                usage.step_functions_executions,
                prices.step_functions_million_executions,
            );
        let s3 =
            thousand(usage.s3_writes, prices.s3_thousand_writes) + thousand(usage.s3_reads, prices.s3_thousand_reads);
        Self {
            lambda,
            step_functions,
            s3,
            total: lambda + step_functions + s3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WORK: Work = Work {
        seconds: 3600.0,
        concurrency: 10,
        batches: 100_000,
        objects: 1_000_000,
        memory: 1024,
    };
    const PRICES: &str = r#"{
        "lambdaGbSecond": 0.5, "lambdaMillionRequests": 2, "stepFunctionsMillionExecutions": 30,
        "stepFunctionsGbSecond": 0.25, "s3ThousandWrites": 4, "s3ThousandReads": 5
    }"#;

    #[test]
    fn a_run_is_charged_for_no_more_than_all_its_places_all_the_time() {
        let expected = Usage {
            lambda_gb_seconds: 36_000.0,
            lambda_requests: 300_000,
            step_functions_executions: 100_000,
            step_functions_gb_seconds: 2_250.0,
            s3_writes: 1_003_000,
            s3_reads: 3_000_000,
        };
        assert_eq!(Usage::at_most(&WORK), expected);
    }

    #[test]
    fn a_small_run_does_not_fill_all_its_places() {
        let small = Work {
            batches: 1,
            objects: 10,
            ..WORK
        };
        assert_eq!(Usage::at_most(&small).lambda_gb_seconds, 3_600.0);
    }

    #[test]
    fn what_is_charged_for_is_multiplied_with_the_prices_that_are_given() {
        let prices = Prices::read(PRICES.as_bytes()).unwrap();
        let cost = Cost::of(&Usage::at_most(&WORK), &prices);
        let expected = [18_000.6, 565.5, 19_012.0, 37_578.1];
        let found = [cost.lambda, cost.step_functions, cost.s3, cost.total];
        for (found, expected) in found.into_iter().zip(expected) {
            assert!((found - expected).abs() < 1e-6, "{found}, not {expected}");
        }
    }

    #[test]
    fn prices_that_are_missing_unknown_or_no_numbers_are_named() {
        for (from, to, name) in [
            ("lambdaGbSecond", "lambdaSecond", "lambdaSecond"),
            (", \"s3ThousandReads\": 5", "", "s3ThousandReads"),
            ("30", "\"free\"", "free"),
        ] {
            let error = Prices::read(PRICES.replace(from, to).as_bytes())
                .unwrap_err()
                .to_string();
            assert!(
                error.starts_with("bad-prices-file: ") && error.contains(name),
                "{error}"
            );
        }
    }
}
