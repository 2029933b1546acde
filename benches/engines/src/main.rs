//! Loads a model with one engine, runs it a few times on one thread, and prints what it cost as one line of JSON.
//!
//! `engines rten|tract MODEL.onnx WIDTH HEIGHT RUNS`

use rten::{Model, RunOptions, ThreadPool};
use rten_tensor::{NdTensor, prelude::*};
use std::{error::Error, fs, sync::Arc, time::Instant};
use tract_onnx::prelude::*;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [engine, model, width, height, runs] = arguments.as_slice() else {
        return Err("usage: engines rten|tract MODEL.onnx WIDTH HEIGHT RUNS".into());
    };
    let (width, height, runs): (usize, usize, usize) = (width.parse()?, height.parse()?, runs.parse()?);
    let bytes = fs::read(model)?;
    // Any input will do: the work does not depend on the values.
    let input: Vec<f32> = (0..3 * width * height).map(|i| (i * 31 % 256) as f32).collect();

    let start = Instant::now();
    let cpu_before = cpu()?;
    let mut run: Box<dyn FnMut() -> Result<f32>> = match engine.as_str() {
        "rten" => rten(bytes, input, width, height)?,
        "tract" => tract(bytes, input, width, height)?,
        other => return Err(format!("no such engine: {other}").into()),
    };
    let (load_ms, load_cpu_ms) = (start.elapsed().as_secs_f64() * 1e3, cpu()? - cpu_before);

    let mut times = Vec::new();
    let mut sum = 0.0;
    for _ in 0..runs {
        let before = cpu()?;
        sum = run()?;
        times.push(cpu()? - before);
    }
    let first = times.first().copied().unwrap_or_default();
    times.sort_by(f64::total_cmp);
    println!(
        r#"{{"load_ms":{load_ms:.2},"load_cpu_ms":{load_cpu_ms:.2},"first_ms":{first:.2},"run_ms":{:.2},"peak_kb":{},"heat":{sum:.4}}}"#,
        times[times.len() / 2],
        peak_kb()?
    );
    Ok(())
}

fn rten(bytes: Vec<u8>, input: Vec<f32>, width: usize, height: usize) -> Result<Box<dyn FnMut() -> Result<f32>>> {
    let model = Model::load(bytes)?;
    let input = NdTensor::from_data([1, 3, height, width], input);
    let options = RunOptions::default().with_thread_pool(Some(Arc::new(ThreadPool::with_num_threads(1))));
    let outputs: [_; 4] = model.output_ids().try_into()?;
    Ok(Box::new(move || {
        let values = model.run_n(vec![(model.input_ids()[0], input.view().into())], outputs, Some(options.clone()))?;
        let [heatmap, ..] = values;
        let heatmap: NdTensor<f32, 4> = heatmap.try_into()?;
        Ok(heatmap.iter().sum())
    }))
}

fn tract(bytes: Vec<u8>, input: Vec<f32>, width: usize, height: usize) -> Result<Box<dyn FnMut() -> Result<f32>>> {
    let model = tract_onnx::onnx()
        .model_for_read(&mut bytes.as_slice())?
        .with_input_fact(0, f32::fact([1, 3, height, width]).into())?
        .into_optimized()?
        .into_runnable()?;
    let input = Tensor::from_shape(&[1, 3, height, width], &input)?;
    Ok(Box::new(move || {
        let outputs = model.run(tvec!(input.clone().into_tvalue()))?;
        let heatmap = outputs[0].view();
        Ok(heatmap.as_slice::<f32>()?.iter().sum())
    }))
}

/// CPU time of all threads of this process so far, in milliseconds.
fn cpu() -> Result<f64> {
    let mut nanoseconds = 0.0;
    for thread in fs::read_dir("/proc/self/task")? {
        let stat = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanoseconds += stat.split(' ').next().unwrap_or_default().parse::<f64>()?;
    }
    Ok(nanoseconds / 1e6)
}

/// The most memory that was resident so far, in kB.
fn peak_kb() -> Result<u64> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse()?)
}
