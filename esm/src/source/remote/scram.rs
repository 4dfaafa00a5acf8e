//! SCRAM: both sides prove that they know the password without telling it. Source: RFC 5802 and RFC 7677. Kafka uses no channel binding.

use super::access::{SaslAccess, SaslMechanism};
use super::error::CallError;
use base64_simd::STANDARD as BASE64;
use ring::digest;
use ring::hmac;
use ring::pbkdf2;
use ring::rand::{SecureRandom as _, SystemRandom};
use std::num::NonZeroU32;

/// `n,,` in base64: no channel binding, and no other identity.
const NO_CHANNEL_BINDING: &str = "biws";

/// The most iterations that are carried out. Kafka's users have 4,096 by default.
const MOST_ITERATIONS: u32 = 1_000_000;

/// The functions of a mechanism.
#[derive(Clone, Copy)]
struct Functions {
    digest: &'static digest::Algorithm,
    hmac: hmac::Algorithm,
    pbkdf2: pbkdf2::Algorithm,
}

/// An exchange in which the client has named the user.
pub(super) struct Scram {
    functions: Functions,
    password: String,
    nonce: String,
    /// The first message without its header.
    first_bare: String,
}

/// An exchange in which the client has proved that it knows the password.
#[derive(Debug)]
pub(super) struct ProvedScram {
    /// The proof that is expected from the broker.
    signature: hmac::Tag,
}

impl Scram {
    /// Begins an exchange with a random nonce.
    pub(super) fn begin(user: &SaslAccess) -> Result<Self, CallError> {
        let mut nonce = [0; 24];
        let filled = SystemRandom::new().fill(&mut nonce);
        filled.map_err(|_| refused("the system gave no random numbers"))?;
        Ok(Self::with_nonce(user, BASE64.encode_to_string(nonce)))
    }

    fn with_nonce(user: &SaslAccess, nonce: String) -> Self {
        let functions = match user.mechanism {
            SaslMechanism::ScramSha512 => Functions {
                digest: &digest::SHA512,
                hmac: hmac::HMAC_SHA512,
                pbkdf2: pbkdf2::PBKDF2_HMAC_SHA512,
            },
            _ => Functions {
                digest: &digest::SHA256,
                hmac: hmac::HMAC_SHA256,
                pbkdf2: pbkdf2::PBKDF2_HMAC_SHA256,
            },
        };
        let name = user.username.replace('=', "=3D").replace(',', "=2C");
        Self {
            functions,
            password: user.password.0.clone(),
            first_bare: format!("n={name},r={nonce}"),
            nonce,
        }
    }

    /// Returns the client's first message.
    pub(super) fn first_message(&self) -> String {
        format!("n,,{}", self.first_bare)
    }

    /// Returns the client's last message, which answers the broker's first.
    ///
    /// # Errors
    /// [`CallError::SaslRefused`] if the broker's message is not one of SCRAM.
    pub(super) fn answer(self, server_first: &[u8]) -> Result<(String, ProvedScram), CallError> {
        let text = text(server_first)?;
        let nonce = field(text, "r=")?;
        if !nonce.starts_with(&self.nonce) {
            return Err(refused("the broker's nonce does not begin with the client's"));
        }
        let salt = decode(field(text, "s=")?)?;
        let iterations: u32 = field(text, "i=")?.parse().unwrap_or(0);
        let iterations = NonZeroU32::new(iterations)
            .filter(|iterations| iterations.get() <= MOST_ITERATIONS)
            .ok_or_else(|| {
                refused(&format!(
                    "invalid number of iterations {iterations}: must be between 1 and {MOST_ITERATIONS}"
                ))
            })?;

        let Functions {
            digest: hash,
            hmac: algorithm,
            pbkdf2: derivation,
        } = self.functions;
        let mut salted = vec![0; hash.output_len()];
        pbkdf2::derive(
            derivation,
            iterations,
            &salt,
            self.password.as_bytes(),
            &mut salted,
        );
        let sign = |key: &[u8], message: &[u8]| hmac::sign(&hmac::Key::new(algorithm, key), message);
        let client_key = sign(&salted, b"Client Key");
        let stored_key = digest::digest(hash, client_key.as_ref());
        let without_proof = format!("c={NO_CHANNEL_BINDING},r={nonce}");
        let messages = format!("{},{text},{without_proof}", self.first_bare);
        let client_signature = sign(stored_key.as_ref(), messages.as_bytes());
        let pairs = client_key.as_ref().iter().zip(client_signature.as_ref());
        let proof: Vec<u8> = pairs.map(|(key, signature)| key ^ signature).collect();
        let server_key = sign(&salted, b"Server Key");
        let proved = ProvedScram {
            signature: sign(server_key.as_ref(), messages.as_bytes()),
        };
        let last = format!("{without_proof},p={}", BASE64.encode_to_string(proof));
        Ok((last, proved))
    }
}

impl ProvedScram {
    /// Checks that the broker knows the password, too.
    ///
    /// # Errors
    /// [`CallError::SaslRefused`].
    pub(super) fn verify(&self, server_last: &[u8]) -> Result<(), CallError> {
        let text = text(server_last)?;
        if let Ok(error) = field(text, "e=") {
            return Err(refused(error));
        }
        match decode(field(text, "v=")?)? == self.signature.as_ref() {
            true => Ok(()),
            false => Err(refused("the broker does not know the password")),
        }
    }
}

fn refused(reason: &str) -> CallError {
    CallError::SaslRefused {
        reason: reason.to_owned(),
    }
}

fn text(message: &[u8]) -> Result<&str, CallError> {
    std::str::from_utf8(message).map_err(|_| refused("the broker's message is not UTF-8"))
}

fn field<'a>(text: &'a str, name: &str) -> Result<&'a str, CallError> {
    let found = text.split(',').find_map(|field| field.strip_prefix(name));
    found.ok_or_else(|| refused(&format!("the broker's message has no field `{name}`")))
}

fn decode(base64: &str) -> Result<Vec<u8>, CallError> {
    BASE64
        .decode_to_vec(base64)
        .map_err(|_| refused("the broker's message has a field that is not base64"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::remote::access::Hidden;

    /// The example of RFC 7677, section 3.
    fn example(password: &str) -> Scram {
        let user = SaslAccess {
            mechanism: SaslMechanism::ScramSha256,
            username: "user".to_owned(),
            password: Hidden(password.to_owned()),
        };
        Scram::with_nonce(&user, "rOprNGfwEbeRWgbNEkqO".to_owned())
    }

    const SERVER_FIRST: &[u8] =
        b"r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";

    #[test]
    fn the_example_of_the_rfc_is_followed() {
        let scram = example("pencil");
        assert_eq!(scram.first_message(), "n,,n=user,r=rOprNGfwEbeRWgbNEkqO");
        let (last, proved) = scram.answer(SERVER_FIRST).expect("a valid message");
        assert_eq!(
            last,
            "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,\
             p=dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ="
        );
        assert_eq!(
            proved.verify(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="),
            Ok(())
        );
    }

    #[test]
    fn a_broker_that_does_not_know_the_password_is_refused() {
        let (_, proved) = example("pen").answer(SERVER_FIRST).expect("a valid message");
        let cases: [(&[u8], &str); 3] = [
            (
                b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
                "the broker does not know the password",
            ),
            (b"e=unknown-user", "unknown-user"),
            (b"x", "the broker's message has no field `v=`"),
        ];
        for (message, expected) in cases {
            assert_eq!(proved.verify(message), Err(refused(expected)));
        }
    }

    #[test]
    fn a_message_that_is_not_of_the_exchange_is_refused() {
        let cases: [(&[u8], &str); 4] = [
            (
                b"r=other,s=W22Z,i=4096",
                "the broker's nonce does not begin with the client's",
            ),
            (
                b"r=rOprNGfwEbeRWgbNEkqO1,s=W22Z,i=0",
                "invalid number of iterations 0: must be between 1 and 1000000",
            ),
            (
                b"r=rOprNGfwEbeRWgbNEkqO1,s=*,i=1",
                "the broker's message has a field that is not base64",
            ),
            (b"\xff", "the broker's message is not UTF-8"),
        ];
        for (message, expected) in cases {
            let error = example("pencil").answer(message).map(|_| ());
            assert_eq!(error, Err(refused(expected)));
        }
    }

    #[test]
    fn a_name_with_signs_of_the_grammar_is_escaped() {
        let user = SaslAccess {
            mechanism: SaslMechanism::ScramSha512,
            username: "a=b,c".to_owned(),
            password: Hidden("secret".to_owned()),
        };
        let scram = Scram::with_nonce(&user, "1".to_owned());
        assert_eq!(scram.first_message(), "n,,n=a=3Db=2Cc,r=1");
    }
}
