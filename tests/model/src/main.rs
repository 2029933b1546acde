//! x
use std::time::Instant;
use gatehouse_model::explore::explore;
use gatehouse_model::photos_in_place::*;
use gatehouse_model::photos_protocol::*;
use gatehouse_model::pictures::*;
fn main() {
    let a = Content::Photo(Photo::Faces(0));
    let b = Content::Photo(Photo::Faces(1));
    for (pn, protocol) in [("first", Protocol::FIRST_DESIGN), ("tokens", Protocol::TOKENS)] {
        for (n, uploads) in [("AA", vec![a, a]), ("AAA", vec![a,a,a]), ("ABA", vec![a, b, a])] {
            for r in 1..=1 {
                let t = Instant::now();
                let m = PhotosInPlace { protocol, uploads: uploads.clone(), redactions: r, workers: 2, expiry: Expiry::Never, unrelated_change: false };
                let rep = explore(&m, 30_000_000);
                println!("{pn} {n} r{r}: {} states {} tr depth {} quiet {} {:.1}s", rep.states, rep.transitions, rep.depth, rep.quiet, t.elapsed().as_secs_f64());
                for c in rep.broken { println!("  BROKEN {} in {}", c.invariant, c.trace.len()); if std::env::args().len()>1 { for l in c.trace { println!("     {l}"); } } }
            }
        }
    }
}
