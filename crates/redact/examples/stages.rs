//! What each stage costs inside of one process, through the public interface.
//!
//! `stages PHOTO RUNS [LEFT,TOP,WIDTH,HEIGHT]…`, regions in ratios (0–1) of the upright image. Prints medians over the
//! runs as one line of JSON: milliseconds elapsed, and milliseconds of CPU time.
//!
//! A photo remembers what it decoded, so the stages are timed in both of the ways in which they occur: redacting after
//! a look at the photo, and redacting at once.

use std::error::Error;
use std::ops::RangeInclusive;
use std::{env, fs, hint, time::Instant};

use gatehouse_redact::{Limits, Options, Photo, Region};
use rustix::time::{ClockId, clock_gettime};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The longest side of the previews, in pixels: for a first look at a large photo.
const PREVIEW: RangeInclusive<u32> = 480..=960;

fn main() -> Result<()> {
    let mut arguments = env::args().skip(1);
    let (Some(path), Some(runs)) = (arguments.next(), arguments.next()) else {
        return Err("usage: stages PHOTO RUNS [LEFT,TOP,WIDTH,HEIGHT]...".into());
    };
    let bytes = fs::read(path)?;
    let regions = arguments.map(|text| region(&text)).collect::<Result<Vec<_>>>()?;
    let mut stages = ["open", "previews", "redact after previews", "redact"].map(Stage::new);
    for _ in 0..runs.parse::<usize>()? {
        let [open, previews, redact_after, redact] = &mut stages;
        let mut photo = open.time(|| Photo::open(&bytes, &Limits::default()))?;
        hint::black_box(previews.time(|| photo.previews_within(PREVIEW))?);
        hint::black_box(redact_after.time(|| photo.redact(&regions, &Options::default()))?);

        let photo = Photo::open(&bytes, &Limits::default())?;
        hint::black_box(redact.time(|| photo.redact(&regions, &Options::default()))?);
    }
    let lines: Vec<String> = stages.into_iter().map(Stage::into_json).collect();
    println!("{{{}}}", lines.join(","));
    Ok(())
}

fn region(text: &str) -> Result<Region> {
    let ratios = text
        .split(',')
        .map(str::parse)
        .collect::<std::result::Result<Vec<f32>, _>>()?;
    let [left, top, width, height] = ratios[..] else {
        return Err(format!("not LEFT,TOP,WIDTH,HEIGHT: {text}").into());
    };
    Ok(Region {
        left,
        top,
        width,
        height,
    })
}

/// One stage and what each of its runs took, in milliseconds.
struct Stage {
    name: &'static str,
    elapsed: Vec<f64>,
    cpu: Vec<f64>,
}

impl Stage {
    fn new(name: &'static str) -> Self {
        let (elapsed, cpu) = (Vec::new(), Vec::new());
        Self { name, elapsed, cpu }
    }

    fn time<T>(&mut self, run: impl FnOnce() -> T) -> T {
        let cpu = cpu_milliseconds();
        let start = Instant::now();
        let answer = run();
        self.elapsed.push(start.elapsed().as_secs_f64() * 1e3);
        self.cpu.push(cpu_milliseconds() - cpu);
        answer
    }

    fn into_json(self) -> String {
        let (elapsed, cpu) = (median(self.elapsed), median(self.cpu));
        format!(r#""{}":{{"elapsed_ms":{elapsed:.4},"cpu_ms":{cpu:.4}}}"#, self.name)
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// CPU time of this process so far, of all of its threads.
fn cpu_milliseconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    time.tv_sec as f64 * 1e3 + time.tv_nsec as f64 / 1e6
}
