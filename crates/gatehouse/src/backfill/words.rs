//! What is said of a run to a person.

use gatehouse_backfill::{Cost, Report, Status};

/// What to know while it runs. On standard error: standard output has the report.
pub fn beginning(bucket: &str, execution: &str) -> String {
    format!(
        "{execution}\nIt goes on without this command. To stop it: gatehouse backfill {bucket} --stop {execution}\nTo watch \
         it again, or to go on with it: gatehouse backfill {bucket} --resume {execution}"
    )
}

/// The report.
pub fn of(report: &Report) -> String {
    let counts = report.run;
    let status = match report.status {
        Status::Running => "at work",
        Status::Succeeded if report.is_complete() => "done",
        Status::Succeeded => "done, except for some batches",
        Status::Failed => "failed",
        Status::Stopped => "stopped",
    };
    let mut lines = vec![
        (status.to_owned(), report.execution.clone()),
        (
            "objects".to_owned(),
            format!("{} now in {}/{}", report.tally.objects, report.bucket, report.prefix),
        ),
        ("published".to_owned(), report.tally.published.to_string()),
    ];
    match report.rejected {
        Some(rejected) => lines.push((
            "rejected".to_owned(),
            format!("{rejected}; the rejected queue has the reasons"),
        )),
        None => lines.push((
            "not published".to_owned(),
            format!("{}: not done yet, or rejected", report.missing()),
        )),
    }
    lines.push((
        "failed".to_owned(),
        format!("{} in batches that failed three times", counts.failed),
    ));
    if counts.waiting > 0 {
        lines.push((
            "waiting".to_owned(),
            format!("{} in batches that were not begun or not ended", counts.waiting),
        ));
    }
    lines.extend(
        report
            .cause
            .iter()
            .map(|cause| ("cause".to_owned(), cause.replace(char::is_control, " "))),
    );
    lines.push(("took".to_owned(), format!("{:.0} s", report.seconds)));
    lines.push(("at most".to_owned(), usage(report)));
    lines.extend(report.cost_at_most.iter().map(|one| ("cost".to_owned(), cost(one))));
    lines
        .iter()
        .map(|(what, value)| format!("{what:<14} {value}\n"))
        .collect()
}

/// What AWS counts.
fn usage(report: &Report) -> String {
    let usage = report.at_most;
    format!(
        "Lambda {:.1} GB-seconds, {} requests; Step Functions {} executions, {:.1} GB-seconds; S3 {} writes, {} reads",
        usage.lambda_gb_seconds,
        usage.lambda_requests,
        usage.step_functions_executions,
        usage.step_functions_gb_seconds,
        usage.s3_writes,
        usage.s3_reads
    )
}

fn cost(cost: &Cost) -> String {
    format!(
        "at most {:.4} at the given prices (Lambda {:.4}, Step Functions {:.4}, S3 {:.4})",
        cost.total, cost.lambda, cost.step_functions, cost.s3
    )
}

#[cfg(test)]
mod tests {
    use gatehouse_backfill::{Counts, Tally, Usage};

    use super::*;

    fn report(status: Status, rejected: Option<u64>) -> Report {
        Report {
            execution: "arn:one".to_owned(),
            status,
            cause: Some("a\nb".to_owned()),
            bucket: "photos".to_owned(),
            prefix: "2019/".to_owned(),
            run: Counts {
                listed: 100,
                done: 90,
                failed: 10,
                waiting: 0,
            },
            tally: Tally {
                objects: 100,
                published: 93,
            },
            rejected,
            seconds: 61.4,
            at_most: Usage {
                lambda_gb_seconds: 104.96,
                lambda_requests: 30,
                step_functions_executions: 10,
                step_functions_gb_seconds: 3.8,
                s3_writes: 103,
                s3_reads: 300,
            },
            cost_at_most: Some(Cost {
                lambda: 0.02,
                step_functions: 0.001,
                s3: 0.0004,
                total: 0.0214,
            }),
        }
    }

    #[test]
    fn a_person_reads_what_was_published_rejected_and_failed_and_the_cost() {
        let expected = "\
done           arn:one
objects        100 now in photos/2019/
published      93
rejected       7; the rejected queue has the reasons
failed         10 in batches that failed three times
cause          a b
took           61 s
at most        Lambda 105.0 GB-seconds, 30 requests; Step Functions 10 executions, 3.8 GB-seconds; S3 103 writes, 300 reads
cost           at most 0.0214 at the given prices (Lambda 0.0200, Step Functions 0.0010, S3 0.0004)
";
        assert_eq!(of(&report(Status::Succeeded, Some(7))), expected);
    }

    #[test]
    fn nothing_is_called_rejected_while_something_is_not_done() {
        let mut report = report(Status::Stopped, None);
        report.cost_at_most = None;
        let text = of(&report);
        assert!(text.contains("not published  7: not done yet, or rejected\n"), "{text}");
        assert!(!text.contains("rejected  ") && !text.contains("\ncost"), "{text}");
    }
}
