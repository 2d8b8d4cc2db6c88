//! Sentences about people, their groups and their sign-ins; `$1` is the tenant.

sentences! {
    /// Who somebody is, with what their organisation and their group say.
    STANDING = "SELECT u.id, u.email, u.open_name, u.name, u.role, u.locked, u.totp_at, t.second_method, t.name, g.policy, \
                (SELECT COUNT(*) FROM passkeys p WHERE p.tenant = u.tenant AND p.user_id = u.id) FROM users u \
                JOIN tenants t ON t.tenant = u.tenant \
                LEFT JOIN technician_groups g ON g.tenant = u.tenant AND g.id = u.group_id \
                WHERE u.tenant = $1 AND u.id = $2";
    /// Everybody.
    PEOPLE = "SELECT u.id, u.email, u.open_name, u.name, u.role, u.group_id, u.locked, u.totp_at, u.created_at, \
              u.signed_in_at, (SELECT COUNT(*) FROM passkeys p WHERE p.tenant = u.tenant AND p.user_id = u.id) \
              FROM users u WHERE u.tenant = $1 ORDER BY u.created_at, u.id";
    /// One of them.
    PERSON = "SELECT u.id, u.email, u.open_name, u.name, u.role, u.group_id, u.locked, u.totp_at, u.created_at, \
              u.signed_in_at, (SELECT COUNT(*) FROM passkeys p WHERE p.tenant = u.tenant AND p.user_id = u.id) \
              FROM users u WHERE u.tenant = $1 AND u.id = $2";
    /// Their names alone.
    NAMES = "SELECT id, open_name, name FROM users WHERE tenant = $1";
    /// A new name.
    SET_NAME = "UPDATE users SET open_name = '', name = $3 WHERE tenant = $1 AND id = $2";
    /// Role, group and lock.
    CHANGE = "UPDATE users SET role = $3, group_id = $4, locked = $5 WHERE tenant = $1 AND id = $2";
    /// Removes somebody, with sign-ins and methods.
    REMOVE = "DELETE FROM users WHERE tenant = $1 AND id = $2";
    /// Administrators who can sign in, besides this one.
    OTHER_ADMINISTRATORS = "SELECT COUNT(*) FROM users WHERE tenant = $1 AND role = 'administrator' AND locked = 0 \
                            AND id <> $2";
    /// The password's hash.
    PASSWORD = "SELECT password_hash FROM users WHERE tenant = $1 AND id = $2";
    /// Notes a sign-in.
    SIGNED_IN = "UPDATE users SET signed_in_at = $3 WHERE tenant = $1 AND id = $2";

    /// A user's sign-ins, newest first.
    SIGN_INS = "SELECT token_hash, id, created_at, seen_at, expires_at, address, program, methods FROM sign_ins \
                WHERE tenant = $1 AND user_id = $2 ORDER BY created_at DESC, id";
    /// Notes that a sign-in was used.
    TOUCH_SIGN_IN = "UPDATE sign_ins SET seen_at = $3 WHERE tenant = $1 AND token_hash = $2";
    /// Ends a user's sign-ins.
    REMOVE_SIGN_INS = "DELETE FROM sign_ins WHERE tenant = $1 AND user_id = $2";

    /// Groups.
    GROUPS = "SELECT g.id, g.name, g.policy, (SELECT COUNT(*) FROM users u WHERE u.tenant = g.tenant \
              AND u.group_id = g.id) FROM technician_groups g WHERE g.tenant = $1 ORDER BY g.name, g.id";
    /// A new group.
    ADD_GROUP = "INSERT INTO technician_groups (tenant, id, name, policy, created_at) VALUES ($1, $2, $3, $4, $5)";
    /// Changes a group.
    CHANGE_GROUP = "UPDATE technician_groups SET name = $3, policy = $4 WHERE tenant = $1 AND id = $2";
    /// Removes a group.
    REMOVE_GROUP = "DELETE FROM technician_groups WHERE tenant = $1 AND id = $2";
    /// Whoever was in it is in none.
    LEAVE_GROUP = "UPDATE users SET group_id = NULL WHERE tenant = $1 AND group_id = $2";
    /// And whoever was invited into it, too.
    LEAVE_GROUP_INVITED = "UPDATE invitations SET group_id = NULL WHERE tenant = $1 AND group_id = $2";
}
