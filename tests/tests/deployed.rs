//! The deployed stack, from the outside: photos go into the source bucket, and what comes out is
//! looked at. Real bucket notifications, real queues, the real `bootstrap`, the template's roles.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use std::collections::HashMap;
use std::path::Path;
use std::time::Instant;

use aws_sdk_s3::primitives::ByteStream;
use gatehouse_tests::eventually;
use gatehouse_tests::photos::{
    contains, difference_in, faces, sample, still_visible, turned_back, twelve_megapixels_with_a_large_face, upright,
    with_orientation,
};
use gatehouse_tests::stack::{PATIENCE, Stack, bootstrap};

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn a_portrait_and_a_montage_come_out_under_the_same_key_without_their_faces() {
    let stack = Stack::connect().await;
    for (name, count) in [("astronaut.jpg", 1), ("eight-faces.jpg", 8), ("astronaut.png", 1)] {
        let before = sample(name);
        let content_type = if name.ends_with("png") {
            "image/png"
        } else {
            "image/jpeg"
        };
        stack.upload(&format!("plain/{name}"), &before, content_type).await;
        let after = stack.published(&format!("plain/{name}")).await;
        assert!(faces(&before).len() >= count, "{name}");
        assert_eq!(still_visible(&before, &after), [], "{name}");
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_2_in_every_orientation_the_right_faces_are_hidden_and_the_rest_stays() {
    let stack = Stack::connect().await;
    let upright_photo = upright(&sample("astronaut.jpg"));
    for orientation in 1..=8 {
        let before = with_orientation(&turned_back(&upright_photo, orientation), orientation);
        let key = format!("orientation/{orientation}.jpg");
        stack.upload(&key, &before, "image/jpeg").await;
        let after = stack.published(&key).await;
        assert_eq!(
            faces(&before).len(),
            1,
            "orientation {orientation}: the upright photo has one face"
        );
        assert_eq!(still_visible(&before, &after), [], "orientation {orientation}");
        let difference = difference_in([0.0, 0.0, 0.125, 1.0], &before, &after);
        assert!(
            difference < 3.0,
            "orientation {orientation}: {difference} levels away from the face"
        );
    }
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_3_no_thumbnail_no_position_and_no_trailing_bytes_come_through() {
    let stack = Stack::connect().await;
    let mut before = sample("rotated.jpg");
    let thumbnail = second_jpeg_inside(&before)
        .expect("rotated.jpg has a thumbnail")
        .to_vec();
    before.extend_from_slice(b"....ftypmp42 a motion photo's video");
    stack.upload("metadata.jpg", &before, "image/jpeg").await;
    let after = stack.published("metadata.jpg").await;

    assert!(!contains(&after, &thumbnail[..64]), "the thumbnail is still there");
    assert!(second_jpeg_inside(&after).is_none());
    assert!(!contains(&after, b"motion photo"));
    // The GPS pointer tag of EXIF (0x8825), in either byte order.
    assert!(
        contains(&before, &[0x88, 0x25, 0, 4]) || contains(&before, &[0x25, 0x88, 4, 0]),
        "no GPS to lose"
    );
    assert!(
        !contains(&after, &[0x88, 0x25, 0, 4]) && !contains(&after, &[0x25, 0x88, 4, 0]),
        "GPS is still there"
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bugs_4_and_5_what_will_never_work_is_rejected_once_with_its_reason_and_nothing_is_published() {
    let stack = Stack::connect().await;
    let photo = sample("astronaut.jpg");
    let mut corrupt = photo.clone();
    let middle = corrupt.len() / 2;
    corrupt[middle..middle + 2000].fill(0xFF);
    let heic = [&[0, 0, 0, 24], b"ftypheic".as_slice(), &[0; 200]].concat();
    let bad = [
        ("truncated.jpg", photo[..photo.len() / 2].to_vec(), "corrupt-image"),
        ("corrupt.jpg", corrupt, "corrupt-image"),
        ("empty.jpg", Vec::new(), "empty-file"),
        ("text.jpg", b"Dear Sir or Madam".to_vec(), "unsupported-format"),
        ("phone.heic", heic, "unsupported-format"),
        ("huge.png", png_header(60_000, 60_000), "too-many-pixels"),
        ("heavy.jpg", vec![0; 53_000_000], "too-many-bytes"),
    ];
    for (name, file, _) in &bad {
        stack.upload(&format!("bad/{name}"), file, "image/jpeg").await;
    }
    stack.settle().await;

    let rejections = stack.rejections().await;
    let mut found: Vec<(String, String)> = rejections
        .into_iter()
        .map(|rejection| {
            (
                rejection.record["s3"]["object"]["key"].as_str().unwrap().to_owned(),
                rejection.reason,
            )
        })
        .collect();
    let mut expected: Vec<(String, String)> = bad
        .iter()
        .map(|(name, _, reason)| (format!("bad/{name}"), (*reason).to_owned()))
        .collect();
    found.sort();
    expected.sort();
    assert_eq!(found, expected);
    assert_eq!(stack.published_versions("bad/").await, [""; 0]);
    assert_eq!(stack.dead_letters().await, 0);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_6_a_twelve_megapixel_photo_with_one_large_face_is_done_within_the_functions_time() {
    let stack = Stack::connect().await;
    let before = twelve_megapixels_with_a_large_face();
    stack.upload("twelve.jpg", &before, "image/jpeg").await;
    let after = stack.published("twelve.jpg").await;
    assert!(!faces(&before).is_empty(), "no face to hide");
    assert_eq!(still_visible(&before, &after), []);
    stack.settle().await;
    assert_eq!(stack.dead_letters().await, 0);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_8_suffixes_in_any_case_or_none_at_all_start_the_function() {
    let stack = Stack::connect().await;
    let keys = [
        "suffix/a.JPG",
        "suffix/b.jpeg",
        "suffix/c.JpEg",
        "suffix/d",
        "suffix/e.jpg.bak",
    ];
    for key in keys {
        stack.upload(key, &sample("astronaut.jpg"), "image/jpeg").await;
    }
    stack
        .upload("suffix/f.PNG", &sample("astronaut.png"), "image/png")
        .await;
    for key in keys {
        assert_eq!(
            still_visible(&sample("astronaut.jpg"), &stack.published(key).await),
            [],
            "{key}"
        );
    }
    assert_eq!(
        still_visible(&sample("astronaut.png"), &stack.published("suffix/f.PNG").await),
        []
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_8_content_type_headers_metadata_and_tags_are_kept() {
    let stack = Stack::connect().await;
    let request = stack.s3.put_object().bucket(&stack.source).key("kept.jpg");
    let request = request
        .content_type("image/pjpeg")
        .cache_control("max-age=60")
        .content_disposition("attachment; filename=\"kept.jpg\"")
        .content_language("de")
        .metadata("album", "Summer 2026")
        .tagging("owner=press%20office&public=yes")
        .body(ByteStream::from(sample("astronaut.jpg")));
    request.send().await.unwrap();
    stack.published("kept.jpg").await;

    let head = stack
        .s3
        .head_object()
        .bucket(&stack.destination)
        .key("kept.jpg")
        .send()
        .await
        .unwrap();
    assert_eq!(head.content_type(), Some("image/pjpeg"));
    assert_eq!(head.cache_control(), Some("max-age=60"));
    assert_eq!(head.content_disposition(), Some("attachment; filename=\"kept.jpg\""));
    assert_eq!(head.content_language(), Some("de"));
    let metadata = head.metadata().unwrap();
    assert_eq!(metadata["album"], "Summer 2026");
    assert_eq!(metadata["gatehouse-faces"], "1");
    assert!(!metadata["gatehouse-source-etag"].is_empty());

    let tags = stack
        .s3
        .get_object_tagging()
        .bucket(&stack.destination)
        .key("kept.jpg")
        .send()
        .await
        .unwrap();
    let tags: HashMap<_, _> = tags.tag_set.into_iter().map(|tag| (tag.key, tag.value)).collect();
    assert_eq!(
        tags,
        HashMap::from([("owner".into(), "press office".into()), ("public".into(), "yes".into())])
    );
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn bug_10_the_quality_of_a_photo_stays_what_it_was() {
    let stack = Stack::connect().await;
    let before = sample("astronaut.jpg");
    stack.upload("quality.jpg", &before, "image/jpeg").await;
    let after = stack.published("quality.jpg").await;
    assert!(!quantisation_tables(&before).is_empty());
    assert_eq!(quantisation_tables(&after), quantisation_tables(&before));
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn keys_of_every_kind_arrive() {
    let stack = Stack::connect().await;
    let longest = format!("keys/{}.jpg", "long/".repeat(203));
    assert_eq!(longest.len(), 1024);
    let keys = [
        "keys/with space.jpg",
        "keys/with+plus.jpg",
        "keys/100%.jpg",
        "keys/%20%2B.jpg",
        "keys/it's \"quoted\".jpg",
        "keys/éàü ñ.jpg",
        "keys/📷🎉.jpg",
        "keys/a=b&c=d;e,f:g@h$i!j*k(l).jpg",
        "keys/d/e/e/p/e/r/t/h/a/n/u/s/u/a/l.jpg",
        longest.as_str(),
    ];
    for key in keys {
        stack.upload(key, &sample("astronaut.jpg"), "image/jpeg").await;
    }
    for key in keys {
        assert_eq!(
            still_visible(&sample("astronaut.jpg"), &stack.published(key).await),
            [],
            "{key}"
        );
    }
    let mut expected: Vec<String> = keys.iter().map(ToString::to_string).collect();
    expected.sort();
    assert_eq!(stack.published_versions("keys/").await, expected);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn two_hundred_photos_at_once_all_come_out_once() {
    let stack = Stack::connect().await;
    let photo = sample("astronaut.jpg");
    let start = Instant::now();
    let keys: Vec<String> = (0..200).map(|number| format!("burst/{number:03}.jpg")).collect();
    for some in keys.chunks(20) {
        let uploads = some.iter().map(|key| stack.upload(key, &photo, "image/jpeg"));
        futures_util::future::join_all(uploads).await;
    }
    eventually("200 photos published", PATIENCE, || async {
        (stack.published_versions("burst/").await.len() >= 200).then_some(())
    })
    .await;
    let seconds = start.elapsed().as_secs_f64();
    println!("200 photos in {seconds:.1} s: {:.1} photos per second", 200.0 / seconds);

    stack.settle().await;
    assert_eq!(stack.published_versions("burst/").await, keys);
    assert_eq!(stack.dead_letters().await, 0);
    assert_eq!(stack.rejections().await, []);
}

#[tokio::test]
#[ignore = "needs the local stack: make test"]
async fn when_the_functions_process_is_killed_in_mid_batch_every_photo_is_still_published_once() {
    let stack = Stack::connect().await;
    let photo = sample("eight-faces.jpg");
    let keys: Vec<String> = (0..20).map(|number| format!("kill/{number:02}.jpg")).collect();
    for key in &keys {
        stack.upload(key, &photo, "image/jpeg").await;
    }
    eventually("the first photo published", PATIENCE, || async {
        (!stack.published_versions("kill/").await.is_empty()).then_some(())
    })
    .await;
    let published = stack.published_versions("kill/").await.len();
    let killed = kill_bootstraps();
    println!("killed {killed} processes when {published} of 20 photos were published");
    assert!(killed > 0 && published < 20, "nothing was in mid-batch");

    eventually("all photos published", PATIENCE, || async {
        (stack.published_versions("kill/").await.len() >= 20).then_some(())
    })
    .await;
    stack.settle().await;
    // One version of each: none twice, none lost.
    assert_eq!(stack.published_versions("kill/").await, keys);
    let first = stack.published_now(&keys[0]).await.unwrap();
    for key in &keys {
        assert_eq!(stack.published_now(key).await.unwrap(), first, "{key}");
    }
}

/// Kills every process of the stack's function, as a power cut would.
fn kill_bootstraps() -> usize {
    let processes = std::fs::read_dir("/proc").unwrap().flatten();
    let ids = processes.filter_map(|process| process.file_name().to_string_lossy().parse::<u32>().ok());
    let is_bootstrap = |id: &u32| {
        let executable = std::fs::read_link(format!("/proc/{id}/exe"));
        executable.is_ok_and(|path| is_the_same_file(&path, &bootstrap()))
    };
    let kill = |id: u32| {
        std::process::Command::new("kill")
            .args(["-9", &id.to_string()])
            .status()
    };
    ids.filter(is_bootstrap)
        .filter(|id| kill(*id).is_ok_and(|status| status.success()))
        .count()
}

/// The local stack unpacks the function into a folder of its own, so the path alone tells nothing.
fn is_the_same_file(one: &Path, other: &Path) -> bool {
    let sizes = (std::fs::metadata(one), std::fs::metadata(other));
    matches!(sizes, (Ok(one), Ok(other)) if one.len() == other.len())
        && std::fs::read(one).unwrap() == std::fs::read(other).unwrap()
}

/// A JPEG that starts inside of the file: a thumbnail.
fn second_jpeg_inside(file: &[u8]) -> Option<&[u8]> {
    let inside = file[2..].windows(3).position(|bytes| bytes == [0xFF, 0xD8, 0xFF])?;
    Some(&file[2 + inside..])
}

/// The contents of all DQT segments before the first scan.
fn quantisation_tables(jpeg: &[u8]) -> Vec<Vec<u8>> {
    let mut tables = Vec::new();
    let mut rest = &jpeg[2..];
    while rest[1] != 0xDA {
        let length = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
        if rest[1] == 0xDB {
            // One segment may hold several tables: 65 bytes each at 8-bit precision.
            tables.extend(rest[4..2 + length].chunks(65).map(<[u8]>::to_vec));
        }
        rest = &rest[2 + length..];
    }
    tables.sort();
    tables
}

/// A PNG that claims to be very large.
fn png_header(width: u32, height: u32) -> Vec<u8> {
    let mut file = Vec::new();
    let mut encoder = png::Encoder::new(&mut file, width, height);
    encoder.set_color(png::ColorType::Rgb);
    drop(encoder.write_header().unwrap());
    file
}
