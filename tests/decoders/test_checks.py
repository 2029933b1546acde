"""That each check can fail, and that a sound output passes them all.

The outputs are made here, with libjpeg: one as it should be, then the same with one thing wrong at a time.
"""

import copy
import unittest

import numpy

import checks
import libjpeg
import photos
import segments
import twins
from libjpeg import Coding
from photos import Photo
from regions import hidden_blocks, hidden_mcus, stored, touched_pixels

PHOTOS = 300
BOX = (0.4, 0.4, 0.2, 0.2)


def sound_output(photo: Photo, coding: Coding | None = None) -> bytes:
    """The photo with its hidden MCUs at one brightness each, and everything else as it was."""
    before = libjpeg.read(photo.file)
    hidden = hidden_mcus(before, photo.boxes)
    masks = [hidden_blocks(plane, hidden, len(before.planes)) for plane in before.planes]

    def hide(component: int, row: int, blocks: numpy.ndarray):
        blocks[masks[component][row], 1:] = 0

    return libjpeg.rewrite(photo.file, coding or photo.coding, hide)


def case_of(photo: Photo, file: bytes) -> checks.Case:
    """The case, with the engine that it should have."""
    case = checks.case(photo, file, "")
    wanted = checks.engine(case)[0].split(" not ")[1]
    case.engine = wanted
    return case


class SoundOutputs(unittest.TestCase):
    """Nobody complains of what is right."""

    def test_pass_every_check(self):
        for number in range(PHOTOS):
            photo = photos.generated(number)
            with self.subTest(photo.name):
                case = case_of(photo, sound_output(photo))
                self.assertEqual([complaint for check in checks.ALL for complaint in check(case)], [])

    def test_of_twins_are_the_same(self):
        for number in range(0, PHOTOS, 10):
            photo = photos.generated(number)
            with self.subTest(photo.name):
                case = case_of(photo, sound_output(photo))
                first, second = twins.twins(case, photo.name)
                self.assertEqual(sound_output(first), sound_output(second))
                self.assertEqual(first.file == second.file, not case.hidden.any())


class EachCheck(unittest.TestCase):
    """Says so when one thing is wrong."""

    def setUp(self):
        pixels = numpy.random.default_rng(7).integers(0, 256, (90, 120, 3))
        coding = Coding(sampling=[(2, 2), (1, 1), (1, 1)], restart_interval=4)
        self.photo = Photo("noise", libjpeg.encode(pixels, coding), [BOX], coding=coding)

    def changed(self, component: int, row: int, column: int, coefficient: int) -> checks.Case:
        """A sound output but for one coefficient, which is one larger."""

        def change(of: int, at: int, blocks: numpy.ndarray):
            if (of, at) == (component, row):
                blocks[column, coefficient] += 1

        return case_of(self.photo, libjpeg.rewrite(sound_output(self.photo), self.photo.coding, change))

    def recoded(self, **changes) -> checks.Case:
        """A sound output, coded in another way."""
        coding = copy.copy(self.photo.coding)
        for name, value in changes.items():
            setattr(coding, name, value)
        return case_of(self.photo, sound_output(self.photo, coding))

    def test_sees_one_coefficient_outside_of_a_region(self):
        for component, row, column in ((0, 0, 0), (1, 1, 5), (2, 5, 7)):
            with self.subTest(component=component):
                case = self.changed(component, row, column, coefficient=63)
                self.assertEqual(len(checks.same_outside(case)), 1)
                self.assertEqual(checks.coarse_inside(case), [])

    def test_sees_one_coefficient_in_a_block_that_only_fills_an_mcu(self):
        # 90 rows are 12 blocks; the last column of blocks, 15, is beyond 120 pixels.
        whole, case = self.photo, case_of(self.photo, sound_output(self.photo))
        self.assertEqual((case.before.planes[0].real, case.before.planes[0].blocks.shape[:2]), ((12, 15), (12, 16)))
        case.after.planes[0].blocks[0, 15, 0] += 1
        self.assertEqual(len(checks.same_outside(case)), 1)
        whole.boxes = [(0.9, 0.0, 0.2, 1.0)]
        case = case_of(whole, sound_output(whole))
        case.after.planes[0].blocks[0, 15, 63] = 1
        self.assertEqual(len(checks.coarse_inside(case)), 1)

    def test_sees_one_high_frequency_inside_of_a_region(self):
        case = self.changed(0, 5, 6, coefficient=63)
        self.assertEqual(len(checks.coarse_inside(case)), 1)
        self.assertEqual(checks.same_outside(case), [])

    def test_lets_the_six_lowest_frequencies_be(self):
        for coefficient in (0, 1, 8, 16, 9, 2):
            self.assertEqual(checks.coarse_inside(self.changed(0, 5, 6, coefficient)), [])
        self.assertNotEqual(checks.coarse_inside(self.changed(0, 5, 6, coefficient=3)), [])

    def test_sees_a_photo_in_which_nothing_is_hidden(self):
        self.assertNotEqual(checks.coarse_inside(case_of(self.photo, self.photo.file)), [])

    def test_sees_a_photo_that_is_encoded_again(self):
        pixels = checks.decode(sound_output(self.photo))
        case = case_of(self.photo, libjpeg.encode(pixels[:, ::-1], self.photo.coding))
        self.assertNotEqual(checks.same_outside(case), [])
        self.assertNotEqual(checks.same_pixels_outside(case), [])

    def test_sees_another_process_or_restart_interval(self):
        self.assertIn("progressive", checks.same_form(self.recoded(progressive=True))[0])
        self.assertIn("restart interval", checks.same_form(self.recoded(restart_interval=0))[0])

    def test_sees_other_quantisation_tables_and_sampling(self):
        pixels = checks.decode(self.photo.file)
        for coding in (Coding(sampling=[(2, 2), (1, 1), (1, 1)], quality=76), Coding(sampling=[(1, 1)] * 3)):
            coding.restart_interval = 4
            case = case_of(self.photo, libjpeg.encode(pixels, coding))
            self.assertNotEqual(checks.same_form(case), [])

    def test_sees_a_warning_of_libjpeg_and_what_follows_the_end(self):
        sound = sound_output(self.photo)
        self.assertEqual(checks.no_warnings(case_of(self.photo, sound)), [])
        left_over = sound[:-2] + bytes(range(100)) + sound[-2:]
        self.assertIn("extraneous", checks.no_warnings(case_of(self.photo, left_over))[0])
        self.assertIn("end marker", checks.no_warnings(case_of(self.photo, sound + b"left over"))[0])

    def test_sees_a_pixel_away_from_a_region(self):
        case = case_of(self.photo, sound_output(self.photo))
        case.pixels_after = case.pixels_after.copy()
        # The box is in MCUs 3 and 4 across, 2 and 3 down: pixels 48–80, 32–64; and 4 more for chroma.
        case.pixels_after[40, 84] ^= 1
        self.assertEqual(len(checks.same_pixels_outside(case)), 1)
        case.pixels_after[40, 84] ^= 1
        case.pixels_after[40, 83] ^= 1
        self.assertEqual(checks.same_pixels_outside(case), [])

    def test_sees_a_file_that_has_grown(self):
        case = case_of(self.photo, sound_output(self.photo))
        case.file += bytes(len(self.photo.file) - len(case.file) + 2600)
        self.assertEqual(len(checks.grown(case)), 1)

    def test_sees_a_file_that_has_lost_more_than_what_was_hidden(self):
        case = case_of(self.photo, sound_output(self.photo))
        self.assertEqual(checks.shrunk(case), [])
        case.file = case.file[: int(0.9 * len(case.file))]
        self.assertEqual(len(checks.shrunk(case)), 1)

    def test_sees_another_engine(self):
        case = case_of(self.photo, sound_output(self.photo))
        case.engine = "pixels"
        self.assertNotEqual(checks.engine(case), [])


class Generator(unittest.TestCase):
    """The photos are what they should be."""

    def test_makes_the_same_photo_of_the_same_number(self):
        self.assertEqual(photos.generated(5), photos.generated(5))
        self.assertNotEqual(photos.generated(5).file, photos.generated(6).file)

    def test_makes_files_that_libjpeg_reads_without_a_warning(self):
        for number in range(PHOTOS):
            photo = photos.generated(number)
            with self.subTest(photo.name):
                checks.decode(photo.file)
                self.assertEqual(libjpeg.read(photo.file).messages, [])

    def test_dresses_a_file_without_changing_its_picture(self):
        pixels = numpy.random.default_rng(3).integers(0, 256, (50, 40, 3))
        for coding in (Coding(restart_interval=2), Coding(progressive=True)):
            plain = libjpeg.encode(pixels, coding)
            fancy = segments.dressed(plain)
            self.assertGreater(len(fancy), len(plain) + 20)
            self.assertEqual(segments.restart_intervals(fancy), segments.restart_intervals(plain))
            self.assertTrue(numpy.array_equal(checks.decode(fancy), checks.decode(plain)))


class Regions(unittest.TestCase):
    """Where a box lies."""

    def test_a_box_touches_every_pixel_that_it_covers_in_part(self):
        self.assertEqual(touched_pixels((0.105, 0.1, 0.1, 0.1), 100, 50), (range(10, 21), range(5, 10)))
        self.assertEqual(touched_pixels((-0.5, 0.9, 0.6, 9.0), 100, 50), (range(10), range(45, 50)))
        self.assertIsNone(touched_pixels((1.1, 0.0, 0.5, 0.5), 100, 50))

    def test_a_photo_on_its_side_has_its_box_turned(self):
        # As it is seen, the box is at the upper right; stored, it is at the upper left.
        left, top, width, height = stored((0.75, 0.0, 0.25, 0.125), 6)
        self.assertEqual((left, top, width, height), (0.0, 0.0, 0.125, 0.25))


if __name__ == "__main__":
    unittest.main()
