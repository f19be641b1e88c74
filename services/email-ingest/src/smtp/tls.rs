//! The certificate of the mail doors: read at the start, read again when its files change.

use std::{
    path::PathBuf,
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use anyhow::Context;
use rustls::ServerConfig;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject};
use tokio_rustls::TlsAcceptor;
use tokio_util::sync::CancellationToken;

/// How often the files are looked at.
pub const LOOK_EVERY: Duration = Duration::from_secs(30);

/// A certificate with its key, as the newest good files have it. Connections keep what they began with.
pub struct Certificates {
    certificate: PathBuf,
    key: PathBuf,
    current: RwLock<Arc<ServerConfig>>,
}

/// The bytes of both files.
#[derive(PartialEq, Eq)]
struct Files {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

impl Certificates {
    /// Reads the two PEM files; the second half watches them.
    ///
    /// # Errors
    /// A file cannot be read, holds no certificate or key, or the two do not belong together.
    pub async fn open(certificate: PathBuf, key: PathBuf) -> anyhow::Result<(Arc<Self>, Watch)> {
        let files = Files::read(&certificate, &key).await?;
        let current = RwLock::new(files.server()?);
        let certificates = Arc::new(Self { certificate, key, current });
        let watch = Watch { certificates: certificates.clone(), seen: files };
        Ok((certificates, watch))
    }

    /// For the next handshake.
    pub fn acceptor(&self) -> TlsAcceptor {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone().into()
    }
}

/// Looks after the files.
pub struct Watch {
    certificates: Arc<Certificates>,
    seen: Files,
}

impl Watch {
    /// Looks at the files every so often, until `stopping`. The bytes are compared, not the times: a mounted secret
    /// is exchanged as a whole folder.
    ///
    /// # Errors
    /// None at present; the signature is that of a supervised task.
    pub async fn run(mut self, every: Duration, stopping: CancellationToken) -> anyhow::Result<()> {
        while stopping.run_until_cancelled(tokio::time::sleep(every)).await.is_some() {
            match self.look().await {
                Ok(false) => {}
                Ok(true) => tracing::info!("the mail doors have a new certificate"),
                Err(error) => {
                    tracing::warn!(error = format!("{error:#}"), "the mail doors keep their old certificate");
                }
            }
        }
        Ok(())
    }

    /// Whether there was something new. What is new but wrong, as between the writing of the one file and the other,
    /// is told once.
    async fn look(&mut self) -> anyhow::Result<bool> {
        let files = Files::read(&self.certificates.certificate, &self.certificates.key).await?;
        if files == self.seen {
            return Ok(false);
        }
        let server = files.server();
        self.seen = files;
        *self.certificates.current.write().unwrap_or_else(PoisonError::into_inner) = server?;
        Ok(true)
    }
}

impl Files {
    async fn read(certificate: &PathBuf, key: &PathBuf) -> anyhow::Result<Self> {
        let read = async |key: &str, path: &PathBuf| {
            let bytes = tokio::fs::read(path).await;
            bytes.with_context(|| format!("{key}: cannot read {}", path.display()))
        };
        Ok(Self {
            certificate: read("smtp.tls_certificate", certificate).await?,
            key: read("smtp.tls_key", key).await?,
        })
    }

    fn server(&self) -> anyhow::Result<Arc<ServerConfig>> {
        let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&self.certificate).collect();
        let chain = chain.context("smtp.tls_certificate is not PEM")?;
        let key =
            PrivateKeyDer::from_pem_slice(&self.key).context("smtp.tls_key holds no private key in PEM")?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let server = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions()?;
        let server = server.with_no_client_auth().with_single_cert(chain, key);
        Ok(Arc::new(server.context("smtp.tls_certificate and smtp.tls_key cannot be used together")?))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn write(folder: &Path) {
        let made = rcgen::generate_simple_self_signed(["desk.example.com".to_owned()]).unwrap();
        std::fs::write(folder.join("crt"), made.cert.pem()).unwrap();
        std::fs::write(folder.join("key"), made.signing_key.serialize_pem()).unwrap();
    }

    #[tokio::test]
    async fn a_new_pair_is_taken_and_half_a_pair_is_waited_out() {
        let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        write(folder.path());
        write(other.path());
        let path = |name| folder.path().join(name);
        let (certificates, mut watch) = Certificates::open(path("crt"), path("key")).await.unwrap();
        let first = certificates.acceptor();
        let same = |one: &TlsAcceptor, other: &TlsAcceptor| Arc::ptr_eq(one.config(), other.config());
        assert!(!watch.look().await.unwrap());
        std::fs::copy(other.path().join("crt"), path("crt")).unwrap();
        assert!(watch.look().await.is_err(), "the key is still the old one");
        assert!(!watch.look().await.unwrap(), "told once");
        assert!(same(&certificates.acceptor(), &first));
        std::fs::copy(other.path().join("key"), path("key")).unwrap();
        assert!(watch.look().await.unwrap());
        assert!(!same(&certificates.acceptor(), &first));
        std::fs::remove_file(path("key")).unwrap();
        assert!(watch.look().await.is_err());
        assert!(!same(&certificates.acceptor(), &first));
    }

    #[tokio::test]
    async fn a_start_with_wrong_files_says_which() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path());
        std::fs::write(folder.path().join("empty"), "").unwrap();
        for (certificate, key, said) in [
            ("none", "key", "smtp.tls_certificate: cannot read"),
            ("crt", "crt", "smtp.tls_key holds no private key"),
            ("empty", "key", "cannot be used together"),
        ] {
            let open = Certificates::open(folder.path().join(certificate), folder.path().join(key)).await;
            let error = format!("{:#}", open.err().unwrap());
            assert!(error.contains(said), "{error}");
        }
    }
}
