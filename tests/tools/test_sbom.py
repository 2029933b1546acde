"""That a list of components and Cargo's own are read alike."""

import hashlib
import tempfile
import unittest
from pathlib import Path

import sbom


class Components(unittest.TestCase):
    """What is compared."""

    def test_the_crate_itself_and_its_components_are_named_with_their_versions(self):
        document = {
            "metadata": {"component": {"name": "face-blur", "version": "0.1.0"}},
            "components": [{"name": "serde", "version": "1.0.1"}, {"name": "serde", "version": "2.0.0"}],
        }
        self.assertEqual(sbom.components(document), {"face-blur@0.1.0", "serde@1.0.1", "serde@2.0.0"})

    def test_a_document_without_components_names_the_crate_alone(self):
        document = {"metadata": {"component": {"name": "face-blur", "version": "0.1.0"}}}
        self.assertEqual(sbom.components(document), {"face-blur@0.1.0"})

    def test_a_line_of_cargo_tree_is_a_name_and_a_version(self):
        for line in ("serde v1.0.1", "serde v1.0.1 (proc-macro)", "serde v1.0.1 (/home/somebody/serde)"):
            self.assertEqual(sbom.crate_of(line), "serde@1.0.1")


class Model(unittest.TestCase):
    """The face model, of which Cargo knows nothing."""

    def test_what_has_the_detector_has_the_model_with_its_hash_below_it(self):
        document = {
            "components": [{"name": sbom.DETECTOR, "bom-ref": "detect"}],
            "dependencies": [{"ref": "detect", "dependsOn": ["rten"]}, {"ref": "rten"}],
        }
        with tempfile.NamedTemporaryFile(suffix=".onnx") as file:
            file.write(b"weights")
            file.flush()
            completed = sbom.with_model(document, Path(file.name))
        digest = hashlib.sha256(b"weights").hexdigest()
        self.assertEqual(completed["components"][1]["hashes"], [{"alg": "SHA-256", "content": digest}])
        self.assertEqual(completed["dependencies"][0]["dependsOn"], ["rten", f"sha256:{digest}"])
        self.assertEqual(completed["dependencies"][-1], {"ref": f"sha256:{digest}"})

    def test_what_has_no_detector_has_no_model(self):
        document = {"components": [{"name": "serde"}], "dependencies": []}
        self.assertEqual(sbom.with_model(document, Path("nowhere")), document)

    def test_it_lies_where_it_is_looked_for(self):
        self.assertTrue(sbom.MODEL.is_file())


if __name__ == "__main__":
    unittest.main()
