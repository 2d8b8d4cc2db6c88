//! An impaired path for UDP on loopback: delay, loss, rate, queue and outages, from a seed.
