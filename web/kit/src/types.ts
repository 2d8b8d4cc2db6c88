// The wire's types, generated from Rust, with the one name that Rust has for itself.
import type { Right } from "./generated";

export * from "./generated";
export type Rights = Right[];
export type ParticipantId = number;
// From the OpenAPI document, as the API gives it.
export type { OfferedDownload, ServiceInfo } from "./api/model";
