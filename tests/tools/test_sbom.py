"""That a list of components and Cargo's own are read alike."""

import unittest

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


if __name__ == "__main__":
    unittest.main()
