// The Admin Console in a real browser, as an administrator uses it. Arguments: ORIGIN PASSWORD [SCREENSHOT-FOLDER].
// The server must hold provisioned people (the demo). Exits 1 and says what is wrong when anything is.
import { createRequire } from "node:module";
import { mkdirSync } from "node:fs";
import assert from "node:assert/strict";

const require = createRequire(import.meta.url);
const { chromium } = require(process.env.PLAYWRIGHT_CORE ?? "playwright-core");

const [origin, password, shots] = process.argv.slice(2);
if (!origin || !password) {
  console.error("usage: node console.mjs ORIGIN PASSWORD [SCREENSHOT-FOLDER]");
  process.exit(2);
}
if (shots) mkdirSync(shots, { recursive: true });

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
const complaints = [];
page.on("console", (message) => {
  const failedPhoto = message.text().includes("ERR_") || message.text().includes("401");
  if (message.type() === "error" && !failedPhoto) complaints.push(message.text());
});
page.on("pageerror", (error) => complaints.push(String(error)));
// Photos are elsewhere in the world; the test stays on this machine.
await page.route("**/*", (route) => (route.request().url().startsWith(origin) || route.request().url().startsWith("data:") ? route.continue() : route.abort()));

let checks = 0;
async function see(name, path, ...texts) {
  const answer = await page.goto(`${origin}${path}`);
  assert.equal(answer.status(), 200, `${path} answered ${answer.status()}`);
  await looks(name, ...texts);
}
async function looks(name, ...texts) {
  const body = await page.textContent("main");
  for (const text of texts) assert.ok(body.includes(text), `${name}: "${text}" is not on the page:\n${body.slice(0, 2000)}`);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth + 1);
  assert.ok(!wide, `${name}: the page is wider than the window`);
  if (shots) await page.screenshot({ path: `${shots}/${name}.png`, fullPage: true });
  checks += 1;
  console.log(`ok   ${name}`);
}

// Behind a login, and only with the right password.
await page.goto(`${origin}/console/demo/people`);
assert.ok(page.url().endsWith("/console/login"), "a page was shown without a login");
await page.fill("input[name=password]", "wrong");
await page.click("main button[type=submit]");
await looks("login-refused", "Name or password is wrong.");
await page.fill("input[name=password]", password);
await page.click("main button[type=submit]");
await page.waitForURL(/console/);

await see("overview", "/console/demo", "people", "groups", "SCIM connection", "/t/demo/api/scim/v2");
await see("provisioning", "/console/demo/provisioning", "Create Users", "Update User Attributes", "Deactivate Users", "Push Groups", "Bearer tokens");

// A token is shown once, works, and stops when it is revoked.
await page.fill("input[name=label]", "browser test");
await page.click("text=Create a token");
await looks("token-made", "shown only this once");
const token = await page.textContent("#new-token");
const base = await page.textContent("#base-url");
const ask = () => fetch(`${base}/Users?startIndex=1&count=2`, { headers: { authorization: `Bearer ${token}` } });
assert.equal((await ask()).status, 200, "the new token does not work");
await see("token-hidden", "/console/demo/provisioning", "browser test");
assert.ok(!(await page.content()).includes(token), "the token is shown a second time");
await page.locator("tr", { hasText: "browser test" }).getByRole("button", { name: "Revoke" }).click();
await looks("token-revoked", "revoked");
assert.equal((await ask()).status, 401, "the revoked token still works");

// A client secret gets an access token at the endpoint that the page names.
await page.fill("input[name=label]", "browser client");
await page.click("text=Create a client secret");
await looks("client-secret-made", "The new client secret.", "Token endpoint", "demo.default");
const form = new URLSearchParams({
  grant_type: "client_credentials",
  client_id: await page.textContent("#client-id"),
  client_secret: await page.textContent("#new-token"),
});
const granted = await fetch(await page.textContent("#token-endpoint"), { method: "POST", body: form });
assert.equal(granted.status, 200, "the client secret gets no token");
const access = { authorization: `Bearer ${(await granted.json()).access_token}` };
assert.equal((await fetch(`${base}/Users?count=1`, { headers: access })).status, 200, "the access token does not work");

// Switches are saved and stay; the check says what is wrong.
await page.uncheck("input[name=deactivate_users]");
await page.click("text=Save User Provision Options");
await looks("switch-saved", "Saved.");
await page.goto(`${origin}/console/demo/provisioning`);
assert.equal(await page.isChecked("input[name=deactivate_users]"), false, "the switch did not stay off");
await page.check("input[name=deactivate_users]");
await page.click("text=Save User Provision Options");
await page.click("text=Check the connection");
await looks("connection-checked", "This side is ready");

await see("security", "/console/demo/security", "Nobody", "People who have signed in", "Everyone");
await page.check("input[value=nobody]");
await page.click("main button[type=submit]");
await looks("security-saved", "Saved.");
assert.ok(await page.isChecked("input[value=nobody]"));
await page.check("input[value=signed-in]");
await page.click("main button[type=submit]");

await see("people", "/console/demo/people", "Department", "in all");
await page.fill("input[name=q]", "zzz-nobody");
await page.click("main button[type=submit]");
await looks("people-none", "Nobody.");
await see("people-deactivated", "/console/demo/people?state=deactivated", "Deactivated");
await see("people-active", "/console/demo/people?state=active", "Active");
await page.goto(`${origin}/console/demo/people`);
await page.click("tbody tr:nth-child(3) a");
await looks("person", "Reporting line", "Profile", "Groups", "History", "Joined");

await see("groups", "/console/demo/groups", "Members");
await page.click("tbody tr:first-child a");
await looks("group", "Members", "Created");

await see("org-chart", "/console/demo/org-chart", "people have a manager here");
assert.ok((await page.locator("svg rect").count()) > 30, "the org chart has too few people");
assert.ok((await page.locator("svg path.wire").count()) > 30, "the org chart has too few lines");

await see("fields", "/console/demo/fields", "joinDate", "photoUrl", "managerExternalId", "urn:ietf:params:scim:schemas:extension:haystack:1.0:User");
await page.fill("input[name=name]", "shirtSize");
await page.fill("input[name=description]", "What fits");
await page.click("main form.row button");
await looks("field-added", "shirtSize", "What fits");
await page.locator("tr", { hasText: "shirtSize" }).getByRole("button", { name: "Retire" }).click();
await looks("field-retired", "is retired");

// A refused request of the provider shows up with its cause and what to do.
const made = await fetch(`${origin}/console/demo/provisioning`);
assert.equal(made.url.endsWith("/console/login"), true, "a page was shown to a stranger");
await page.goto(`${origin}/console/demo/provisioning`);
await page.fill("input[name=label]", "errors");
await page.click("text=Create a token");
const second = await page.textContent("#new-token");
const refused = await fetch(`${base}/Users`, {
  method: "POST",
  headers: { authorization: `Bearer ${second}`, "content-type": "application/scim+json", "user-agent": "Okta SCIM Client 1.0.0" },
  body: JSON.stringify({ schemas: ["urn:ietf:params:scim:schemas:core:2.0:User"], displayName: "No Name" }),
});
assert.equal(refused.status, 400);
await see("errors", "/console/demo/log", "invalidValue", "userName");
await see("requests", "/console/demo/log?show=all", "POST User");

// On a phone nothing is wider than the screen.
await page.setViewportSize({ width: 400, height: 800 });
await see("phone-provisioning", "/console/demo/provisioning", "To App");

await page.setViewportSize({ width: 1280, height: 900 });
await page.click("text=Log out");
await page.waitForURL(/login/);
await page.goto(`${origin}/console/demo/people`);
assert.ok(page.url().endsWith("/console/login"), "logging out did not end the session");

await browser.close();
assert.deepEqual(complaints, [], "the browser complained");
console.log(`${checks} passed, 0 failed`);
