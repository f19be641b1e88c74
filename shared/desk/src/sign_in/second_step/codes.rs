//! Codes: of an app (RFC 6238: SHA-1, six digits, thirty seconds) and for who has lost it. Pure, but for dice.

use qrcodegen::{QrCode, QrCodeEcc};
use totp_rs::{Builder, Secret, Totp};

use crate::{DeskError, sign_in::digest};

/// Bytes of a secret: as many as its hash has.
pub(super) const SECRET: usize = 20;
/// Recovery codes that somebody is given.
pub const RECOVERY_CODES: usize = 10;
/// Letters and digits that are not taken for each other.
const LETTERS: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";
/// Letters of a recovery code: 80 bits.
const LENGTH: usize = 16;
/// Longest name of an organisation or a person that an app is told, in characters.
const LONGEST_NAME: usize = 64;
/// Light modules around a QR code.
const MARGIN: i32 = 4;

/// What an app must be told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Enrolment {
    /// The secret in base32, to type in.
    pub secret: String,
    /// The same as an address that apps open.
    pub uri: String,
    /// The address as a QR code.
    pub qr_svg: String,
}

/// Which 30 seconds a code belongs to, if it is one of now, or of the 30 seconds before or after.
pub(super) fn step_of(secret: &[u8], code: &str, now_millis: i64) -> Option<i64> {
    let code: String = code.chars().filter(|c| !c.is_whitespace() && *c != '-').collect();
    if code.len() != 6 || !code.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let totp = Builder::new().with_secret(Secret::from(secret)).build().ok()?;
    let step = totp.check(&code, u64::try_from(now_millis / 1000).ok()?)?;
    i64::try_from(step).ok()
}

/// What the app of somebody at an organisation must be told.
pub(super) fn enrolment(secret: &[u8], organization: &str, email: &str) -> Result<Enrolment, DeskError> {
    let cannot = |error: String| DeskError::Unavailable(format!("a second step cannot be made: {error}"));
    // what is longer fits no QR code, and no app shows it
    let plain = |text: &str| text.replace(':', " ").trim().chars().take(LONGEST_NAME).collect::<String>();
    let totp: Totp = Builder::new()
        .with_secret(Secret::from(secret))
        .with_issuer(Some(plain(organization)).filter(|issuer| !issuer.is_empty()))
        .with_account_name(plain(email))
        .build()
        .map_err(|error| cannot(error.to_string()))?;
    let uri = totp.to_url().map_err(|error| cannot(error.to_string()))?;
    let qr_svg = qr_svg(&uri).ok_or_else(|| cannot("its address is too long for a QR code".into()))?;
    Ok(Enrolment { secret: Secret::from(secret).to_base32(), uri, qr_svg })
}

/// A QR code, dark on white whatever is around it: not every camera reads it the other way round.
fn qr_svg(text: &str) -> Option<String> {
    let code = QrCode::encode_text(text, QrCodeEcc::Medium).ok()?;
    let size = code.size();
    let mut path = String::new();
    for y in 0..size {
        for x in (0..size).filter(|x| code.get_module(*x, y)) {
            path.push_str(&format!("M{},{}h1v1h-1z", x + MARGIN, y + MARGIN));
        }
    }
    let whole = size + 2 * MARGIN;
    Some(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {whole} {whole}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0,0h{whole}v{whole}h-{whole}z\"/><path fill=\"#000\" d=\"{path}\"/></svg>"
    ))
}

/// New recovery codes, as people are shown them: `7k2m-…`.
pub(super) fn recovery_codes() -> Result<Vec<String>, DeskError> {
    (0..RECOVERY_CODES).map(|_| recovery_code()).collect()
}

fn recovery_code() -> Result<String, DeskError> {
    let bytes: [u8; LENGTH] = seal::random()?;
    let letters = bytes.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    let mut code = String::new();
    for (n, letter) in letters.enumerate() {
        if n > 0 && n % 4 == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    Ok(code)
}

/// How a recovery code of somebody is kept, however they type it. It is long and random, so a slow hash would gain
/// nothing.
pub(super) fn recovery_hash(whose: &str, code: &str) -> String {
    let letters = code.chars().filter(char::is_ascii_alphanumeric).map(|c| match c.to_ascii_lowercase() {
        'o' => '0',
        'i' | 'l' => '1',
        other => other,
    });
    digest(&format!("recovery code of {whose}: {}", letters.take(100).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B, the last six of its eight digits.
    const RFC: &[u8; SECRET] = b"12345678901234567890";

    #[test]
    fn codes_are_those_of_the_rfc() {
        for (second, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
        ] {
            assert_eq!(step_of(RFC, code, second * 1000), Some(second / 30), "{code}");
        }
    }

    #[test]
    fn a_code_is_good_for_its_thirty_seconds_and_those_beside_them() {
        let at = |second: i64| step_of(RFC, " 287 082", second * 1000);
        assert_eq!([at(0), at(29), at(30), at(89)], [Some(1); 4]);
        assert_eq!(at(90), None);
        for odd in ["", "28708", "2870820", "28708a", "２８７０８２", "28708\u{0}"] {
            assert_eq!(step_of(RFC, odd, 59_000), None, "{odd:?}");
        }
    }

    #[test]
    fn an_app_is_told_who_and_where() {
        let told = enrolment(RFC, "Acme: Shop & Co", "anna@acme.example").unwrap();
        assert_eq!(told.secret, "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert!(told.uri.starts_with("otpauth://totp/Acme"), "{}", told.uri);
        for part in ["anna", "secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ", "issuer=Acme"] {
            assert!(told.uri.contains(part), "{}", told.uri);
        }
        assert!(told.qr_svg.starts_with("<svg ") && told.qr_svg.ends_with("</svg>"));
        enrolment(RFC, "", "anna@acme.example").unwrap();
        enrolment(RFC, &"ö".repeat(500), &format!("{}@acme.example", "a".repeat(64))).unwrap();
    }

    #[test]
    fn recovery_codes_differ_and_are_read_however_they_are_typed() {
        let codes = recovery_codes().unwrap();
        let mut sorted = codes.clone();
        sorted.sort();
        sorted.dedup();
        assert_eq!((codes.len(), sorted.len()), (10, 10));
        assert!(codes.iter().all(|code| code.len() == 19), "{codes:?}");
        let hash = recovery_hash("anna", "0a1b-2c3d-4e5f-6g7h");
        assert_eq!(recovery_hash("anna", " OA1B 2C3D 4E5F 6G7H\n"), hash);
        assert_eq!(recovery_hash("anna", "oaIb2c3d4e5f6g7h"), hash);
        assert_ne!(recovery_hash("bert", "0a1b-2c3d-4e5f-6g7h"), hash);
    }
}
