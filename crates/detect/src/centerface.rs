//! The model: loads CenterFace and runs it on one window.

use crate::{Error, decode::Maps};
use rten::{Dimension, Model, ModelOptions, NodeId, OpRegistry, op_registry};
use rten_tensor::{NdTensor, NdTensorView, prelude::*};

/// See `model/README.md` for where it is from.
static EMBEDDED: &[u8] = include_bytes!("../model/centerface.onnx");

/// An ONNX file starts with the tag of its first field, the version of the format (protobuf: field 1, varint). Checked
/// here because the engine's parser (rten 0.27.0) never returns from some bytes that are no protobuf at all.
const IR_VERSION: u8 = 0x08;

/// The outputs by position: name, channels.
const OUTPUTS: [(&str, usize); 3] = [("heatmap", 1), ("scale", 2), ("offset", 2)];

/// Cells of the output are this many input pixels wide and high.
const STRIDE: usize = 4;

/// A loaded model. Running it does not change it.
pub(crate) struct CenterFace {
    model: Model,
    input: NodeId,
    outputs: [NodeId; 3],
}

impl CenterFace {
    /// The model in the crate. Its bytes are known, so nothing is tried out here: this is in every cold start.
    pub(crate) fn embedded() -> Result<Self, Error> {
        let model = ModelOptions::with_ops(operators()).load_static_slice(EMBEDDED);
        Self::new(model.map_err(|error| Error::model(error.to_string()))?)
    }

    /// A model from elsewhere, tried out on a small black image before it is trusted.
    pub(crate) fn from_onnx(bytes: Vec<u8>) -> Result<Self, Error> {
        if bytes.first() != Some(&IR_VERSION) {
            return Err(Error::model("not an ONNX file"));
        }
        let model = ModelOptions::with_ops(operators()).load(bytes);
        let loaded = Self::new(model.map_err(|error| Error::model(error.to_string()))?)?;
        let (width, height) = (64, 96); // not square: tells width from height
        match loaded.run(&vec![0.0; width * height * 3], width, height) {
            Ok(_) => Ok(loaded),
            Err(Error::Inference { reason }) => Err(Error::model(format!("does not run: {reason}"))),
            Err(other) => Err(other),
        }
    }

    fn new(model: Model) -> Result<Self, Error> {
        let input = single_input(&model)?;
        let outputs = model
            .output_ids()
            .get(..3)
            .and_then(|ids| ids.try_into().ok())
            .ok_or_else(|| {
                let count = model.output_ids().len();
                Error::model(format!(
                    "it has {count} outputs; CenterFace has heatmap, scale, offset and landmarks"
                ))
            })?;
        Ok(Self { model, input, outputs })
    }

    /// Runs the model on three planes of `width × height` floats (multiples of 32).
    pub(crate) fn run(&self, planes: &[f32], width: usize, height: usize) -> Result<Maps, Error> {
        let input = NdTensorView::try_from_data([1, 3, height, width], planes).map_err(Error::inference)?;
        let inputs = vec![(self.input, input.into())];
        let values = self.model.run_n(inputs, self.outputs, None).map_err(Error::inference)?;

        let (columns, rows) = (width / STRIDE, height / STRIDE);
        let mut maps = Vec::with_capacity(3);
        for (value, (name, channels)) in values.into_iter().zip(OUTPUTS) {
            let expected = [1, channels, rows, columns];
            let tensor: NdTensor<f32, 4> = value
                .try_into()
                .map_err(|error| Error::model(format!("output {name} is not a 4-dimensional float: {error}")))?;
            if tensor.shape() != expected {
                let actual = tensor.shape();
                return Err(Error::model(format!(
                    "output {name} has shape {actual:?}, expected {expected:?}"
                )));
            }
            maps.push(tensor.into_data());
        }
        let [heatmap, scale, offset] = maps.try_into().map_err(|_| Error::inference("outputs are missing"))?;
        Ok(Maps {
            columns,
            rows,
            heatmap,
            scale,
            offset,
        })
    }
}

/// What CenterFace uses, and nothing more: the linker leaves out the rest of the engine.
fn operators() -> OpRegistry {
    op_registry!(Add, BatchNormalization, Conv, ConvTranspose, Relu, Sigmoid)
}

/// The id of the only input, whose shape must be `batch × 3 × any × any`.
fn single_input(model: &Model) -> Result<NodeId, Error> {
    let [input] = model.input_ids() else {
        let count = model.input_ids().len();
        return Err(Error::model(format!("it has {count} inputs, expected one image")));
    };
    let shape = model
        .node_info(*input)
        .and_then(|info| info.shape())
        .unwrap_or_default();
    let fits = match shape.as_slice() {
        [_, channels, Dimension::Symbolic(_), Dimension::Symbolic(_)] => *channels == Dimension::Fixed(3),
        other => other.is_empty(), // undeclared: the trial run tells
    };
    if fits {
        Ok(*input)
    } else {
        Err(Error::model(format!("the input's shape is {}", wrong_shape(&shape))))
    }
}

fn wrong_shape(shape: &[Dimension]) -> String {
    let sides: Vec<String> = shape
        .iter()
        .map(|side| match side {
            Dimension::Fixed(size) => size.to_string(),
            Dimension::Symbolic(name) => name.clone(),
        })
        .collect();
    format!(
        "{}, expected 1×3×height×width with free height and width (model/make_dynamic.py)",
        sides.join("×")
    )
}
