import { describe, expect, it } from "vitest";
import { carriesBoth, fileAddress, forSystem, savedAs, signatureAddress, split, startLink, sumCommand, systemOf } from "./downloads";

const offered = (target: string, file = target) => ({ target, file, version: "0.2.0", size: 1, sha256: "ab" });

describe("the visitor's system", () => {
  const of = (userAgent: string, platform = "", touchPoints = 0) => systemOf({ userAgent, platform, touchPoints });
  it("is what the browser says", () => {
    expect(of("Mozilla/5.0 (Windows NT 10.0; Win64; x64)", "Win32", 10)).toBe("windows");
    expect(of("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "MacIntel")).toBe("macos");
    expect(of("Mozilla/5.0 (X11; Linux x86_64)", "Linux x86_64")).toBe("linux");
    expect(of("Mozilla/5.0 (X11; CrOS x86_64 14541.0.0)")).toBe("linux");
    expect(of("Mozilla/5.0 (Linux; Android 15)", "Linux armv8l", 5)).toBe("phone");
    expect(of("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X)", "iPhone", 5)).toBe("phone");
    expect(of("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7)", "MacIntel", 5), "an iPad").toBe("phone");
    expect(of("something", "")).toBe("other");
  });
});

describe("downloads", () => {
  const all = ["linux-x86_64-deb", "windows-x86_64-msi", "macos-aarch64-pkg", "linux-aarch64-bin", "windows-x86_64-exe", "linux-x86_64-bin"].map((target) => offered(target));
  it("are those of the system, what needs no installation first", () => {
    const targets = (system: Parameters<typeof forSystem>[1]) => forSystem(all, system).map(({ target }) => target);
    expect(targets("windows")).toEqual(["windows-x86_64-exe", "windows-x86_64-msi"]);
    expect(targets("linux")).toEqual(["linux-x86_64-bin", "linux-aarch64-bin", "linux-x86_64-deb"]);
    expect(targets("macos")).toEqual(["macos-aarch64-pkg"]);
    expect(targets("phone")).toEqual([]);
  });
  it("have addresses that lead nowhere else", () => {
    expect(fileAddress(offered("linux-x86_64-bin", "a b"))).toBe("/download/farhand-agent/a%20b");
    expect(signatureAddress(offered("linux-x86_64-bin"))).toBe("/download/farhand-agent/linux-x86_64-bin.minisig");
  });
  it("are kept under a name that says which session, except where the secret of a link would stand in it", () => {
    const exe = offered("windows-x86_64-exe", "farhand-agent.exe");
    const server = new URL("https://help.example.org:8443");
    expect(savedAs(exe, "4821935710", server)).toBe("farhand-agent_4821935710_help.example.org_8443.exe");
    expect(savedAs(exe, "4821935710", new URL("https://help.example.org"))).toBe("farhand-agent_4821935710_help.example.org.exe");
    expect(savedAs(exe, "482193.AbCdEfGhIjKlMnOpQrStUv", server)).toBe("farhand-agent.exe");
    expect(savedAs(exe, "4821935710", new URL("https://[::1]:8443"))).toBe("farhand-agent.exe");
    expect(savedAs(offered("windows-x86_64-msi", "farhand-agent.msi"), "4821935710", server)).toBe("farhand-agent.msi");
  });
  it("have code and service with them by name or by a line, and nothing of a link or in an installed program", () => {
    const server = new URL("https://help.example.org:8443");
    const link = "482193.AbCdEfGhIjKlMnOpQrStUv";
    expect(carriesBoth(offered("windows-x86_64-exe"), "4821935710", server)).toBe(true);
    expect(carriesBoth(offered("windows-x86_64-exe"), link, server)).toBe(false);
    expect(carriesBoth(offered("windows-x86_64-exe"), "4821935710", new URL("https://[::1]:8443"))).toBe(false);
    expect(carriesBoth(offered("linux-x86_64-bin"), link, server)).toBe(true);
    for (const target of ["macos-universal-pkg", "windows-x86_64-msi", "linux-x86_64-deb"]) expect(carriesBoth(offered(target), "4821935710", server), target).toBe(false);
  });
  it("are compared by what each system brings along", () => {
    expect(sumCommand("a.exe", "windows")).toBe("certutil -hashfile a.exe SHA256");
    expect(sumCommand("a.pkg", "macos")).toBe("shasum -a 256 a.pkg");
    expect(sumCommand("a.deb", "linux")).toBe("sha256sum a.deb");
  });
});

describe("a start link", () => {
  it("keeps from the service what it may not know", () => {
    expect(split("4821935710")).toEqual({ number: "482193", rest: "5710" });
    expect(split("482193.AbC-_x")).toEqual({ number: "482193", rest: "AbC-_x" });
    expect(startLink("tok.en", "4821935710")).toBe("farhand:start/tok.en#5710");
  });
});
