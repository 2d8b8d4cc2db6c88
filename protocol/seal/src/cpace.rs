//! CPace over ristretto255 with SHA-512 (CPACE-RISTR255-SHA512), as draft-irtf-cfrg-cpace-21 has it, in the setting with
//! an initiator and a responder. Names follow the draft.

use curve25519_dalek::ristretto::{CompressedRistretto, RistrettoPoint};
use curve25519_dalek::scalar::Scalar;
use curve25519_dalek::traits::IsIdentity;
use sha2::{Digest, Sha512};
use zeroize::Zeroizing;

use crate::bytes::lv_cat;

/// The group's domain separation.
pub const DSI: &[u8] = b"CPaceRistretto255";
const DSI_ISK: &[u8] = b"CPaceRistretto255_ISK";
const DSI_MAC: &[u8] = b"CPaceMac";
/// Block size of SHA-512, bytes.
const BLOCK: usize = 128;

/// A public share.
pub type Share = [u8; 32];
/// A key that both ends have when their secrets, channel identifiers and transcripts agree.
pub type Isk = Zeroizing<[u8; 64]>;

/// `generator_string`: the secret fills the first block of the hash, whatever its length.
#[must_use]
pub fn generator_string(prs: &[u8], ci: &[u8], sid: &[u8]) -> Zeroizing<Vec<u8>> {
    let filled = 1 + lv_cat(&[prs]).len() + lv_cat(&[DSI]).len();
    let padding = vec![0; BLOCK.saturating_sub(filled)];
    Zeroizing::new(lv_cat(&[DSI, prs, &padding, ci, sid]))
}

/// `calculate_generator`.
#[must_use]
pub fn generator(prs: &[u8], ci: &[u8], sid: &[u8]) -> RistrettoPoint {
    let hash = Zeroizing::new(hash(&[&generator_string(prs, ci, sid)]));
    RistrettoPoint::from_uniform_bytes(&hash)
}

/// `sample_scalar`: a uniform one from 64 random bytes.
#[must_use]
pub fn scalar(random: &[u8; 64]) -> Zeroizing<Scalar> {
    Zeroizing::new(Scalar::from_bytes_mod_order_wide(random))
}

/// `scalar_mult`: the public share.
#[must_use]
pub fn share(scalar: &Scalar, generator: &RistrettoPoint) -> Share {
    (scalar * generator).compress().to_bytes()
}

/// `scalar_mult_vfy`: the shared point, or nothing where the draft has the neutral element: the hand-shake must stop.
#[must_use]
pub fn shared_point(scalar: &Scalar, theirs: &Share) -> Option<Zeroizing<[u8; 32]>> {
    let point = scalar * CompressedRistretto(*theirs).decompress()?;
    (!point.is_identity()).then(|| Zeroizing::new(point.compress().to_bytes()))
}

/// `transcript_ir`: shares and associated data, the initiator's first.
#[must_use]
pub fn transcript(a: &Share, ad_a: &[u8], b: &Share, ad_b: &[u8]) -> Vec<u8> {
    lv_cat(&[a, ad_a, b, ad_b])
}

/// The intermediate session key.
#[must_use]
pub fn isk(sid: &[u8], point: &[u8; 32], transcript: &[u8]) -> Isk {
    let start = Zeroizing::new(lv_cat(&[DSI_ISK, sid, point]));
    Zeroizing::new(hash(&[&start, transcript]))
}

/// The key with which the ends confirm (the draft's section on key confirmation).
#[must_use]
pub fn mac_key(sid: &[u8], isk: &Isk) -> Isk {
    Zeroizing::new(hash(&[DSI_MAC, sid, isk.as_slice()]))
}

fn hash(parts: &[&[u8]]) -> [u8; 64] {
    let mut hash = Sha512::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    //! Vectors of draft-irtf-cfrg-cpace-21, appendix "Test vector for CPace using group ristretto255 and hash SHA-512".

    use super::*;

    fn unhex(text: &str) -> Vec<u8> {
        crate::tests::unhex(text)
    }

    fn array<const N: usize>(text: &str) -> [u8; N] {
        unhex(text).try_into().unwrap()
    }

    const PRS: &[u8] = b"Password";
    const CI: &[u8] = b"\x0bA_initiator\x0bB_responder";
    const SID: &str = "7e4b4791d6a8ef019b936c79fb7f2c57";
    const YA: &str = "da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08";
    const YB: &str = "d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d";
    const SHARE_A: &str = "d6bac480f2c386c394efc7c47adb9925dcd2630b64f240c50f8d0eec482b9157";
    const SHARE_B: &str = "3ea7e0b19560d7c0b0f5734f63b955286dfa8232b5ebe63324e2d9e7433f7258";
    const K: &str = "80b69a8a76457ab6a4d7f887a4bf6b55a2f80ac19c333f917a05fc9887c8b40f";

    fn private(text: &str) -> Scalar {
        Scalar::from_canonical_bytes(array(text)).unwrap()
    }

    #[test]
    fn the_generator_is_the_drafts() {
        let string = generator_string(PRS, CI, &unhex(SID));
        assert_eq!(string.len(), 170);
        let expected = [
            unhex("11435061636552697374726574746f3235350850617373776f726464"),
            vec![0; 100],
            unhex("180b415f696e69746961746f720b425f726573706f6e646572107e4b4791d6a8ef019b936c79fb7f2c57"),
        ]
        .concat();
        assert_eq!(*string, expected);
        assert_eq!(
            hash(&[&string]).to_vec(),
            unhex(
                "da6d3ddc8802fca9058755ffd3ebde08a9c2c74945901a258482a288b6663af06bf645c93cd1c51512307199c80e8490\
                 8916d983b34af77205f90851a657ee27"
            )
        );
        assert_eq!(
            generator(PRS, CI, &unhex(SID)).compress().to_bytes().to_vec(),
            unhex("222b6b195fe84b1652badb6f6a3ae3d24341e7306967f0b8115b40d5698c7e56")
        );
    }

    #[test]
    fn shares_and_the_shared_point_are_the_drafts() {
        let generator = generator(PRS, CI, &unhex(SID));
        assert_eq!(share(&private(YA), &generator).to_vec(), unhex(SHARE_A));
        assert_eq!(share(&private(YB), &generator).to_vec(), unhex(SHARE_B));
        assert_eq!(shared_point(&private(YA), &array(SHARE_B)).unwrap().to_vec(), unhex(K));
        assert_eq!(shared_point(&private(YB), &array(SHARE_A)).unwrap().to_vec(), unhex(K));
    }

    #[test]
    fn the_session_key_is_the_drafts() {
        let transcript = transcript(&array(SHARE_A), b"ADa", &array(SHARE_B), b"ADb");
        assert_eq!(transcript.len(), 74);
        assert_eq!(
            isk(&unhex(SID), &array(K), &transcript).to_vec(),
            unhex(
                "b69effbf61b51d56401c0f65601abe428de8206feaaf0e32198896dcae7b35cd2b38950a39dfd5d4a79164614c2984f7\
                 daa460b588c1e80c3fa2068af7900447"
            )
        );
    }

    #[test]
    fn other_transcripts_of_the_draft_come_out() {
        assert_eq!(
            lv_cat(&[b"123", b"PartyA", b"234", b"PartyB"]),
            unhex("03313233065061727479410332333406506172747942")
        );
        assert_eq!(
            lv_cat(&[b"3456", b"PartyA", b"2345", b"PartyB"]),
            unhex("043334353606506172747941043233343506506172747942")
        );
    }

    #[test]
    fn points_that_must_stop_the_hand_shake_do() {
        let s = private("7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05");
        let valid = array("2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c");
        assert_eq!(
            shared_point(&s, &valid).unwrap().to_vec(),
            unhex("7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e")
        );
        let not_a_point = array("2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c");
        assert_eq!(shared_point(&s, &not_a_point), None);
        assert_eq!(shared_point(&s, &[0; 32]), None);
    }
}
