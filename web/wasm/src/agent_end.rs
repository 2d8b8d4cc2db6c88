//! An agent's end of a sealed session, with one console. A customer's browser that shares its screen is one; so far the
//! pages' tests play the customer with it.

use farhand_protocol::rights::Rights;
use farhand_protocol::version::{Version, VersionRange};
use farhand_seal::context::{Identity, Offer, View};
use farhand_seal::ends::{self, Agent, AgentOutput, Told};
use farhand_seal::receipt::public_key;
use farhand_seal::secret::Secret;
use wasm_bindgen::prelude::*;

use crate::seal::{random, stream};

/// The end.
#[wasm_bindgen]
#[derive(Debug)]
pub struct AgentEnd {
    inner: Agent,
    agent: u8,
    console: u8,
}

#[wasm_bindgen]
impl AgentEnd {
    /// For this session, in which the service has given both ends these numbers and names. `seed` is 32 random bytes,
    /// this session's receipt key.
    ///
    /// # Errors
    /// When the seed has not 32 bytes.
    #[wasm_bindgen(constructor)]
    #[allow(clippy::too_many_arguments, reason = "a structure would cross the boundary no better")]
    pub fn new(
        seed: &[u8],
        session: &str,
        agent: u8,
        console: u8,
        name: &str,
        organisation: &str,
        customer: &str,
        customer_organisation: &str,
        version: u16,
    ) -> Result<Self, JsError> {
        let seed = seed.try_into().map_err(|_| JsError::new("a receipt key has 32 bytes"))?;
        let view = View {
            session: session.to_owned(),
            agent,
            console,
            technician: Identity { name: name.to_owned(), organisation: organisation.to_owned() },
            customer: Identity { name: customer.to_owned(), organisation: customer_organisation.to_owned() },
            version: Version(version),
        };
        let versions = VersionRange::ours();
        let offer = Offer { view: view.clone(), versions, rights: Rights::ALL, key: public_key(&seed) };
        let mut inner = Agent::new(offer);
        inner.handle_view(view);
        Ok(Self { inner, agent, console })
    }

    /// A person typed a code's last four digits, or opened a link: the hand-shake starts. `random` is 80 random bytes.
    ///
    /// # Errors
    /// When it is no secret, or no try is left.
    pub fn secret(&mut self, text: &str, random_bytes: &[u8]) -> Result<(), JsError> {
        let secret = Secret::digits(text)
            .or_else(|| Secret::link(text))
            .ok_or_else(|| JsError::new("a secret has four digits or 22 letters"))?;
        Ok(self.inner.handle_secret(self.console, secret, random(random_bytes)?)?)
    }

    /// A message came from the console: gives the clear one, or nothing when it is a second copy or a part of the
    /// hand-shake. Drain `next` after it. `random` is 80 random bytes.
    ///
    /// # Errors
    /// When it is not genuine: it must have no effect.
    pub fn incoming(
        &mut self,
        stream_number: u8,
        message: &[u8],
        random_bytes: &[u8],
    ) -> Result<Option<Vec<u8>>, JsError> {
        if let Some((from, signal)) = ends::carried(self.agent, message) {
            self.inner.handle_signal(from, signal, random(random_bytes)?)?;
            return Ok(None);
        }
        Ok(self.inner.open(stream(stream_number)?, message)?)
    }

    /// What goes on the wire instead of a clear message.
    ///
    /// # Errors
    /// When there are no keys yet, or it cannot be sealed: it must not be sent.
    pub fn outgoing(&mut self, stream_number: u8, message: &[u8]) -> Result<Vec<u8>, JsError> {
        Ok(self.inner.seal(stream(stream_number)?, message)?)
    }

    /// A message of the control stream to send, or one word of what happened: `sealed`, `wrong_secret`, `tampered`,
    /// `void` or `other_stopped`. Nothing when there is nothing.
    #[must_use]
    #[wasm_bindgen(js_name = next)]
    pub fn poll_output(&mut self) -> JsValue {
        match self.inner.poll_output() {
            None => JsValue::UNDEFINED,
            Some(AgentOutput::Signal { to, signal }) => {
                js_sys::Uint8Array::from(ends::carry(self.agent, to, &signal).as_slice()).into()
            }
            Some(AgentOutput::Told { console: _, told }) => JsValue::from_str(match told {
                Told::Sealed(_) => "sealed",
                Told::WrongSecret { .. } => "wrong_secret",
                Told::Tampered(_) => "tampered",
                Told::Void => "void",
                Told::OtherStopped(_) => "other_stopped",
            }),
        }
    }
}
