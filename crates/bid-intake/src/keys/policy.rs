//! The policy of a key that belongs to one auction.
//! <https://docs.aws.amazon.com/kms/latest/developerguide/key-policies.html>

use jiff::Timestamp;
use serde_json::json;

use crate::config::RoleArn;

/// What the account may allow its own roles to do with the key: everything but to use it. `GetPublicKey` shows
/// nothing that bidders don't get anyway. Whoever may change the policy (`PutKeyPolicy`) could allow more:
/// that leaves an entry in CloudTrail, and is what an administrator is.
const ADMINISTRATION: &[&str] = &[
    "kms:CancelKeyDeletion",
    "kms:DescribeKey",
    "kms:DisableKey",
    "kms:EnableKey",
    "kms:GetKeyPolicy",
    "kms:GetPublicKey",
    "kms:ListResourceTags",
    "kms:PutKeyPolicy",
    "kms:ScheduleKeyDeletion",
    "kms:TagResource",
    "kms:UntagResource",
];

/// Nobody decrypts before the close; after it, the settlement alone, and only with the envelope's algorithm. Nor does the
/// settlement delete the key before, not even of an auction that was called off. Intake
/// is named here, and not allowed by a tag, since a tag takes minutes until conditions see it.
pub(super) fn of_auction(settle_role: &RoleArn, intake_role: &RoleArn, closes_at: Timestamp) -> String {
    let RoleArn {
        arn,
        partition,
        account,
    } = settle_role;
    let the_close = json!({ "aws:CurrentTime": not_before(closes_at) });
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [
            {
                "Sid": "AdministeredByTheAccount",
                "Effect": "Allow",
                "Principal": { "AWS": format!("arn:{partition}:iam::{account}:root") },
                "Action": ADMINISTRATION,
                "Resource": "*",
            },
            {
                "Sid": "ShownByIntake",
                "Effect": "Allow",
                "Principal": { "AWS": &intake_role.arn },
                "Action": "kms:GetPublicKey",
                "Resource": "*",
            },
            {
                "Sid": "OpenedByTheSettlementAfterTheClose",
                "Effect": "Allow",
                "Principal": { "AWS": arn },
                "Action": "kms:Decrypt",
                "Resource": "*",
                "Condition": {
                    "DateGreaterThanEquals": the_close,
                    "StringEquals": { "kms:EncryptionAlgorithm": "RSAES_OAEP_SHA_256" },
                },
            },
            {
                "Sid": "DeletedByTheSettlementAfterTheClose",
                "Effect": "Allow",
                "Principal": { "AWS": arn },
                "Action": "kms:ScheduleKeyDeletion",
                "Resource": "*",
                "Condition": { "DateGreaterThanEquals": the_close },
            },
        ],
    });
    policy.to_string()
}

/// The first whole second that is not before the close: as fine as every reader of a policy takes a time.
fn not_before(closes_at: Timestamp) -> String {
    let millisecond = closes_at.as_millisecond();
    let second = millisecond.div_euclid(1000) + i64::from(millisecond.rem_euclid(1000) != 0);
    Timestamp::from_second(second).unwrap_or(closes_at).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    fn statements(closes_at: &str) -> Vec<Value> {
        let role = |name| format!("arn:aws:iam::123456789012:role/{name}").parse().unwrap();
        let policy = of_auction(&role("settle"), &role("intake"), closes_at.parse().unwrap());
        let policy: Value = serde_json::from_str(&policy).unwrap();
        policy["Statement"].as_array().unwrap().clone()
    }

    fn allowing(statements: &[Value], action: &str) -> Vec<Value> {
        let names = |statement: &&Value| {
            let actions = &statement["Action"];
            actions == action
                || actions
                    .as_array()
                    .is_some_and(|actions| actions.iter().any(|one| one == action))
        };
        statements.iter().filter(names).cloned().collect()
    }

    #[test]
    fn only_the_settlement_decrypts_and_only_after_the_close() {
        let statements = statements("2026-01-05T09:30:00.001Z");
        let decrypt = allowing(&statements, "kms:Decrypt");
        assert_eq!(decrypt.len(), 1);
        assert_eq!(decrypt[0]["Principal"]["AWS"], "arn:aws:iam::123456789012:role/settle");
        let condition = &decrypt[0]["Condition"];
        assert_eq!(
            condition["DateGreaterThanEquals"]["aws:CurrentTime"],
            "2026-01-05T09:30:01Z"
        );
        assert_eq!(
            condition["StringEquals"]["kms:EncryptionAlgorithm"],
            "RSAES_OAEP_SHA_256"
        );
    }

    #[test]
    fn the_settlement_deletes_the_key_and_not_before_the_close() {
        let statements = statements("2026-01-05T09:30:00.001Z");
        let delete = allowing(&statements, "kms:ScheduleKeyDeletion");
        let settlements = |one: &&Value| one["Principal"]["AWS"] == "arn:aws:iam::123456789012:role/settle";
        let delete: Vec<&Value> = delete.iter().filter(settlements).collect();
        assert_eq!(delete.len(), 1);
        let expected = json!({ "DateGreaterThanEquals": { "aws:CurrentTime": "2026-01-05T09:30:01Z" } });
        assert_eq!(delete[0]["Condition"], expected);
    }

    #[test]
    fn intake_is_named_for_the_public_key_and_for_nothing_else() {
        let statements = statements("2026-01-05T09:30:00Z");
        let intake = "arn:aws:iam::123456789012:role/intake";
        let found: Vec<&Value> = statements
            .iter()
            .filter(|one| one["Principal"]["AWS"] == intake)
            .collect();
        assert_eq!(found.len(), 1);
        assert_eq!(
            (&found[0]["Effect"], &found[0]["Action"]),
            (&"Allow".into(), &"kms:GetPublicKey".into())
        );
    }

    #[test]
    fn no_action_has_a_wildcard() {
        let text = serde_json::to_string(&statements("2026-01-05T09:30:00Z")).unwrap();
        assert!(!text.contains("kms:*"));
        assert!(text.contains("\"arn:aws:iam::123456789012:root\""));
    }
}
