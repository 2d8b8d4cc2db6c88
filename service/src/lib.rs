//! Library half of the service.
