//! XShm, XDamage and XFixes.
