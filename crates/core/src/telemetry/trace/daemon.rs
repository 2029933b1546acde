//! The X-Ray daemon, which Lambda runs beside each traced function: it takes documents by UDP and sends them on in batches
//! (X-Ray developer guide, "Sending segment documents to the X-Ray daemon").

use std::io;
use std::net::UdpSocket;

use serde::Serialize;

/// Where it listens, for both protocols or for each.
const ADDRESS: &str = "AWS_XRAY_DAEMON_ADDRESS";
/// Every document begins with this line.
const FIRST_LINE: &[u8] = b"{\"format\":\"json\",\"version\":1}\n";
/// X-Ray takes no larger document.
const LARGEST: usize = 64_000;

/// Sends documents, and waits for nothing: a trace is not worth a photo's time.
#[derive(Debug)]
pub(crate) struct Daemon(UdpSocket);

impl Daemon {
    /// The daemon that the environment names. None if it names none: then nothing is traced.
    ///
    /// # Errors
    /// If there is no such address, or no socket left.
    pub fn of_process() -> io::Result<Option<Self>> {
        match std::env::var(ADDRESS) {
            Ok(address) if !address.is_empty() => Self::at(udp(&address)).map(Some),
            _ => Ok(None),
        }
    }

    /// The daemon at this address.
    ///
    /// # Errors
    /// As [`Daemon::of_process`].
    pub fn at(address: &str) -> io::Result<Self> {
        // A socket of the one family has no way to an address of the other.
        let is_ipv6 = address.starts_with('[');
        let socket = UdpSocket::bind(if is_ipv6 { "[::]:0" } else { "0.0.0.0:0" })?;
        socket.set_nonblocking(true)?;
        socket.connect(address)?;
        Ok(Self(socket))
    }

    /// Sends a document. It is lost if nobody listens, or if the daemon does not keep up.
    pub fn send(&self, document: &impl Serialize) {
        let mut packet = FIRST_LINE.to_vec();
        if serde_json::to_writer(&mut packet, document).is_ok() && packet.len() <= LARGEST {
            let _ = self.0.send(&packet);
        }
    }
}

/// The part for UDP of `tcp:ADDRESS udp:ADDRESS`, in either order; or all of it.
fn udp(address: &str) -> &str {
    let mut parts = address.split_whitespace();
    parts.find_map(|part| part.strip_prefix("udp:")).unwrap_or(address)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn one_address_serves_both_protocols_or_each_has_its_own() {
        assert_eq!(udp("169.254.79.129:2000"), "169.254.79.129:2000");
        assert_eq!(udp("tcp:127.0.0.1:2000 udp:127.0.0.2:2001"), "127.0.0.2:2001");
        assert_eq!(udp("udp:127.0.0.2:2001 tcp:127.0.0.1:2000"), "127.0.0.2:2001");
    }

    #[test]
    fn a_document_is_one_packet_behind_its_first_line() {
        let listener = UdpSocket::bind("127.0.0.1:0").unwrap();
        let daemon = Daemon::at(&listener.local_addr().unwrap().to_string()).unwrap();
        daemon.send(&json!("x".repeat(LARGEST)));
        daemon.send(&json!({ "name": "fetch" }));
        let mut packet = [0; 100];
        let length = listener.recv(&mut packet).unwrap();
        let expected = b"{\"format\":\"json\",\"version\":1}\n{\"name\":\"fetch\"}";
        assert_eq!(&packet[..length], expected, "the one that is too large is left out");
    }

    #[test]
    fn what_is_no_address_is_an_error() {
        assert!(Daemon::at("nowhere").is_err());
    }
}
