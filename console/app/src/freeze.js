// What all objects inherit cannot be changed by any page. Unlike a plain freeze, an object may still have a `toString` (or
// its like) of its own by assignment, which libraries do.
(() => {
  "use strict";
  const root = Object.prototype;
  for (const name of ["constructor", "toLocaleString", "toString", "valueOf"]) {
    const inherited = root[name];
    Object.defineProperty(root, name, {
      get: () => inherited,
      set(value) {
        if (this === root) throw new TypeError("what all objects inherit cannot be changed");
        Object.defineProperty(this, name, { value, writable: true, enumerable: true, configurable: true });
      },
      enumerable: false,
      configurable: false,
    });
  }
  Object.freeze(root);
})();
