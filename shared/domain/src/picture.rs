//! Pictures known by their first bytes, whatever their sender calls them. Pure.

/// Media type of a picture that browsers draw and carriers take, by its content.
pub fn sniff(bytes: &[u8]) -> Option<&'static str> {
    let starts = |magic: &[u8]| bytes.starts_with(magic);
    if starts(b"\xff\xd8\xff") {
        Some("image/jpeg")
    } else if starts(b"\x89PNG\r\n\x1a\n") {
        Some("image/png")
    } else if starts(b"GIF87a") || starts(b"GIF89a") {
        Some("image/gif")
    } else if starts(b"RIFF") && bytes.get(8..12) == Some(b"WEBP") {
        Some("image/webp")
    } else {
        None
    }
}

/// Whether a type names one of the pictures that [`sniff`] knows, so that its content must be one.
pub fn is_sniffable(content_type: &str) -> bool {
    matches!(content_type, "image/jpeg" | "image/png" | "image/gif" | "image/webp")
}

/// The media type of a file: what it is by its content; else what it is called, unless that is a picture it is not.
pub fn content_type(bytes: &[u8], called: &str) -> String {
    let called = called.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '+' | '-' | '_');
    match sniff(bytes) {
        Some(known) => known.to_owned(),
        None if is_sniffable(&called) || !called.contains('/') || !called.chars().all(plain) => {
            "application/octet-stream".to_owned()
        }
        None => called,
    }
}

/// The usual ending of a file of this type.
pub fn ending(content_type: &str) -> &'static str {
    match content_type {
        "image/jpeg" => "jpg",
        "image/png" => "png",
        "image/gif" => "gif",
        "image/webp" => "webp",
        "image/heic" => "heic",
        "video/mp4" => "mp4",
        "video/3gpp" => "3gp",
        "video/quicktime" => "mov",
        "audio/amr" => "amr",
        "audio/mpeg" => "mp3",
        "text/vcard" | "text/x-vcard" => "vcf",
        "text/plain" => "txt",
        "application/pdf" => "pdf",
        _ => "bin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn d5_a_picture_is_known_by_its_content() {
        for (bytes, called, is) in [
            (&b"\xff\xd8\xff\xe0rest"[..], "image/png", "image/jpeg"),
            (b"\x89PNG\r\n\x1a\nrest", "application/octet-stream", "image/png"),
            (b"GIF89arest", "", "image/gif"),
            (b"RIFF\x10\0\0\0WEBPVP8 ", "image/webp", "image/webp"),
            (b"RIFF\x10\0\0\0WAVEfmt ", "audio/wav", "audio/wav"),
            (b"<svg onload=alert(1)>", "image/png", "application/octet-stream"),
            (b"<html>", "text/html; charset=utf-8", "text/html"),
            (b"\xff\xd8", "image/jpeg", "application/octet-stream"),
            (b"", "image/gif", "application/octet-stream"),
            (b"x", "Video/MP4", "video/mp4"),
            (b"x", "nonsense", "application/octet-stream"),
            (b"x", "a/b\r\nX: y", "application/octet-stream"),
        ] {
            assert_eq!(content_type(bytes, called), is, "{called}");
        }
    }
}
