//! What a run cost, at most.
//!
//! Nobody has to be asked for it: in its time, a run can have been charged for no more than all its places at work, all the
//! time. Free tiers, discounts and the traffic that S3 may charge for are left out.

use serde::Serialize;

/// US dollars for what AWS counts, as listed for US East (N. Virginia). Other regions, and other days, have others.
mod price {
    /// One GB-second of a function on arm64, and on x86-64 (AWS Lambda pricing).
    pub const LAMBDA_SECOND: [f64; 2] = [0.000_013_333_4, 0.000_016_666_7];
    /// One call of a function.
    pub const LAMBDA_CALL: f64 = 0.20e-6;
    /// One Express execution, and one GB-second of it (AWS Step Functions pricing).
    pub const EXPRESS_EXECUTION: f64 = 1.00e-6;
    pub const EXPRESS_SECOND: f64 = 0.000_016_67;
    /// One PUT or LIST, and one GET or HEAD (Amazon S3 pricing, S3 Standard).
    pub const S3_WRITE: f64 = 5.0e-6;
    pub const S3_READ: f64 = 0.4e-6;
}

/// Express executions are charged by 64 MB at least, and ours hold no more.
const EXPRESS_GB: f64 = 64.0 / 1024.0;
/// For each photo: is it published, the photo, is it still not published (README, "Four ways to write back").
const READS_PER_OBJECT: f64 = 3.0;
/// For each photo: the published one.
const WRITES_PER_OBJECT: f64 = 1.0;
/// Each batch may be called so often, when it fails.
const CALLS_PER_FAILED_BATCH: f64 = 3.0;
/// Objects in one answer of ListObjectsV2; the run lists the source, and the report both buckets.
const PER_PAGE: f64 = 1000.0;
const LISTINGS: f64 = 3.0;

/// What a run used, or can have used.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usage {
    /// How long it was at work, in seconds.
    pub seconds: f64,
    /// How many batches were at work at the same time, at most.
    pub concurrency: u32,
    /// How many batches there were, and how many objects in them.
    pub batches: u64,
    /// How many objects there were in them.
    pub objects: u64,
    /// The function's memory in MB.
    pub memory: u32,
    /// Whether the function runs on arm64.
    pub is_arm: bool,
}

/// US dollars, at most, by service.
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
    /// At most so much.
    pub fn at_most(usage: &Usage) -> Self {
        let places = u64::from(usage.concurrency).min(usage.batches) as f64;
        let (busy, batches, objects) = (usage.seconds * places, usage.batches as f64, usage.objects as f64);
        let gigabytes = f64::from(usage.memory) / 1024.0;
        let [arm, x86] = price::LAMBDA_SECOND;
        let second = if usage.is_arm { arm } else { x86 };

        let lambda = busy * gigabytes * second + batches * CALLS_PER_FAILED_BATCH * price::LAMBDA_CALL;
        let step_functions = busy * EXPRESS_GB * price::EXPRESS_SECOND + batches * price::EXPRESS_EXECUTION;
        let writes = objects * WRITES_PER_OBJECT + (objects / PER_PAGE).ceil() * LISTINGS;
        let s3 = objects * READS_PER_OBJECT * price::S3_READ + writes * price::S3_WRITE;
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

    const USAGE: Usage = Usage {
        seconds: 3600.0,
        concurrency: 10,
        batches: 100_000,
        objects: 1_000_000,
        memory: 1024,
        is_arm: false,
    };

    #[track_caller]
    fn assert_dollars(found: f64, expected: f64) {
        assert!((found - expected).abs() < 0.005, "{found}, not {expected}");
    }

    #[test]
    fn a_run_costs_no_more_than_all_its_places_all_the_time() {
        let cost = Cost::at_most(&USAGE);
        assert_dollars(cost.lambda, 36_000.0 * 0.000_016_666_7 + 0.06);
        assert_dollars(cost.step_functions, 36_000.0 / 16.0 * 0.000_016_67 + 0.10);
        assert_dollars(cost.s3, 1.20 + 5.00 + 0.015);
        assert_dollars(cost.total, cost.lambda + cost.step_functions + cost.s3);
    }

    #[test]
    fn a_small_run_does_not_fill_all_its_places() {
        let small = Usage {
            batches: 1,
            objects: 10,
            ..USAGE
        };
        assert!(Cost::at_most(&small).lambda < Cost::at_most(&USAGE).lambda / 9.0);
    }
}
