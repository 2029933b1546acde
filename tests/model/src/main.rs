//! x
use gatehouse_model::explore::{Until, explore};
use gatehouse_model::idempotency::*;
fn main() {
    let c = Protocol::CURRENT;
    let base = |p: Protocol| Idempotency { protocol: p, payloads: vec![0, 0], calls: 2, lost_answers: 1, end: 5, lease: 2, keep: 3, skew: 0 };
    let v = std::env::args().len() > 1;
    for (n, m) in [("2", base(c)), ("2 lost2", Idempotency { lost_answers: 2, ..base(c)}), ("payload", Idempotency{payloads: vec![0,1], ..base(c)}), ("2x3", Idempotency{calls:3, ..base(c)}), ("3x1", Idempotency { payloads: vec![0,0,0], calls:1, ..base(c)}), ("3x2", Idempotency { payloads: vec![0,0,1], calls:2, end: 4, ..base(c)}),
      ("skew", Idempotency{skew:1,..base(c)}),
      ("complete", base(Protocol{complete_if_owner:false,..c})), ("release", base(Protocol{release_if_owner:false,..c})), ("lapsed", base(Protocol{claim_lapsed:false,..c})), ("lapsed-only", base(Protocol{claim_lapsed_only_in_progress:false,..c})), ("expired", base(Protocol{claim_expired:false,..c})), ("own", base(Protocol{own_token_is_own_claim:false,..c})), ("fresh", base(Protocol{fresh_tokens:false,..c})), ("norelease", base(Protocol{release_on_failure:false,..c})), ("payload", Idempotency{payloads:vec![0,1],..base(Protocol{compare_payload:false,..c})}), ("lease-in", Idempotency{keep:1,..base(Protocol{lease_within_expiry:false,..c})}),
    ] {
        let t = std::time::Instant::now();
        let r = explore(&m, Until::Exhausted, 20_000_000);
        println!("{n}: {} {} depth {} quiet {} {:.1}s", r.states, r.transitions, r.depth, r.quiet, t.elapsed().as_secs_f64());
        for b in r.broken { println!("  BROKEN {} {}", b.invariant, b.trace.len()); if v { for l in b.trace { println!("      {l}"); } } }
    }
}
