import type { PasskeyAssertion, PasskeyAttestation } from "./model";
import { transport } from "./transport";

/** Whether passkeys work here: the browser knows them, and the page comes from the service that they are made for. */
export function passkeysWork(): boolean {
  return transport().base === "" && typeof PublicKeyCredential !== "undefined" && isSecureContext;
}

export function toBase64Url(bytes: ArrayBuffer): string {
  let text = "";
  for (const byte of new Uint8Array(bytes)) text += String.fromCharCode(byte);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, "");
}

export function fromBase64Url(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}

type Descriptor = { id: string; type: "public-key"; transports?: AuthenticatorTransport[] };
/** The options as the service writes them: bytes are base64url. */
type CreateOptions = Omit<PublicKeyCredentialCreationOptions, "challenge" | "user" | "excludeCredentials"> & {
  challenge: string;
  user: { id: string; name: string; displayName: string };
  excludeCredentials?: Descriptor[];
};
type GetOptions = Omit<PublicKeyCredentialRequestOptions, "challenge" | "allowCredentials"> & { challenge: string; allowCredentials?: Descriptor[] };

const descriptors = (list: Descriptor[] | undefined): PublicKeyCredentialDescriptor[] =>
  (list ?? []).map((one) => ({ ...one, id: fromBase64Url(one.id) }));

/** The person closed the browser's question, or let it time out. */
export class PasskeyCancelled extends Error {}

async function asked(question: Promise<Credential | null>): Promise<PublicKeyCredential> {
  let credential: Credential | null;
  try {
    credential = await question;
  } catch (error) {
    if (error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "AbortError")) throw new PasskeyCancelled();
    throw error;
  }
  if (!(credential instanceof PublicKeyCredential)) throw new PasskeyCancelled();
  return credential;
}

export async function createPasskey(options: unknown): Promise<PasskeyAttestation> {
  const given = options as CreateOptions;
  const publicKey: PublicKeyCredentialCreationOptions = {
    ...given,
    challenge: fromBase64Url(given.challenge),
    user: { ...given.user, id: fromBase64Url(given.user.id) },
    excludeCredentials: descriptors(given.excludeCredentials),
  };
  const credential = await asked(navigator.credentials.create({ publicKey }));
  const response = credential.response as AuthenticatorAttestationResponse;
  return {
    id: toBase64Url(credential.rawId),
    client_data: toBase64Url(response.clientDataJSON),
    attestation: toBase64Url(response.attestationObject),
  };
}

export async function usePasskey(options: unknown): Promise<PasskeyAssertion> {
  const given = options as GetOptions;
  const publicKey: PublicKeyCredentialRequestOptions = {
    ...given,
    challenge: fromBase64Url(given.challenge),
    allowCredentials: descriptors(given.allowCredentials),
  };
  const credential = await asked(navigator.credentials.get({ publicKey }));
  const response = credential.response as AuthenticatorAssertionResponse;
  return {
    id: toBase64Url(credential.rawId),
    client_data: toBase64Url(response.clientDataJSON),
    authenticator_data: toBase64Url(response.authenticatorData),
    signature: toBase64Url(response.signature),
    ...(response.userHandle ? { user: toBase64Url(response.userHandle) } : {}),
  };
}
