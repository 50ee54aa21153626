import { describe, expect, it } from "vitest";

import { postgresStore } from "../../src/postgres.ts";
import { parsePostgresUrl } from "../../src/sql/postgres-url.ts";

describe("the URL of a PostgreSQL store", () => {
  it("says all that a connection needs, so that no environment variable is asked", () => {
    expect(parsePostgresUrl("postgres://cmkit:p%40ss%2F%20word@db.example.com/the%20registry")).toEqual({
      host: "db.example.com",
      port: 5432,
      user: "cmkit",
      password: "p@ss/ word",
      database: "the registry",
      applicationName: "cmkit",
      options: "",
      tls: { caFile: undefined },
    });
  });

  it("may name a port, a schema, a socket and itself", () => {
    const parameters = "host=%2Frun%2Fpostgresql&options=-c%20search_path%3Dcmkit&application_name=crm";
    const address = parsePostgresUrl(`postgresql://cmkit@localhost:6432/db?${parameters}`);
    const expected = {
      host: "/run/postgresql",
      port: 6432,
      password: undefined,
      options: "-c search_path=cmkit",
      applicationName: "crm",
      tls: false,
    };
    expect(address).toMatchObject(expected);
  });

  it.each([
    ["localhost", "", false],
    ["127.0.0.1", "", false],
    ["[::1]", "", false],
    ["db.internal", "", { caFile: undefined }],
    ["localhost.example.com", "", { caFile: undefined }],
    ["127.0.0.1.example.com", "", { caFile: undefined }],
    ["db.internal", "?sslmode=disable", false],
    ["db.internal", "?sslmode=require", { caFile: undefined }],
    ["localhost", "?sslmode=verify-full&sslrootcert=/etc/ca.pem", { caFile: "/etc/ca.pem" }],
  ])("asks for TLS with a valid certificate, except on this machine or where told: %s%s", (host, query, tls) => {
    expect(parsePostgresUrl(`postgres://u:p@${host}/db${query}`).tls).toEqual(tls);
  });

  it.each([
    "",
    "nonsense",
    "mysql://u:hunter2@localhost/db",
    "postgres://localhost/db",
    "postgres://u:hunter2@localhost",
    "postgres://u:hunter2@localhost/",
    "postgres:///db",
    "postgres://u:hunter2%zz@localhost/db",
    "postgres://u:hunter2@localhost:70000/db",
    "postgres://u:hunter2@localhost/db#x",
    "postgres://u:hunter2@localhost/db?sslmode=no-verify",
    "postgres://u:hunter2@localhost/db?sslmode=prefer",
    "postgres://u:hunter2@localhost/db?hunter2=1",
  ])("is refused without being quoted: %s", (url) => {
    expect(() => postgresStore(url)).toThrow(TypeError);
    expect(() => postgresStore(url)).toThrow(/^expected (?!.*hunter2)/);
  });

  it("comes with at least two connections, one of them for reads", () => {
    for (const maxConnections of [1, 0, -1, 2.5]) {
      expect(() => postgresStore("postgres://u:p@localhost/db", { maxConnections })).toThrow(RangeError);
    }
  });
});
