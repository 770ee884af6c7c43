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
  // Photos that are not loaded, log-ins and forms that are refused.
  const isMeant = ["ERR_", "401", "400 (Bad Request)"].some((part) => message.text().includes(part));
  if (message.type() === "error" && !isMeant) complaints.push(message.text());
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

// What cannot be is said at its field, and what was typed stays.
const unchecked = (form) => page.$eval(form, (element) => { element.noValidate = true; });
const at = (selector) => page.locator(selector);
await page.goto(`${origin}/console/demo/provisioning`);
await unchecked("#to-app form");
await page.fill("input[name=max_deactivations]", "");
await page.fill("input[name=deactivation_window]", "60");
await page.click("text=Save User Provision Options");
await looks("guard-refused", "Nothing was saved", "A whole number from 0");
assert.equal(await at("input[name=max_deactivations]").getAttribute("aria-describedby"), "max_deactivations-error");
assert.equal(await page.inputValue("input[name=deactivation_window]"), "60", "what was typed is gone");
await page.check("input[name=hris]");
await page.fill("input[name=max_deactivations]", "5");
await page.click("text=Save User Provision Options");
await looks("hris-refused", "Nothing was saved", "people come either from an HRIS integration or by provisioning");
assert.ok(await page.isChecked("input[name=hris]"));
await page.uncheck("input[name=hris]");
await page.click("text=Save User Provision Options");
await looks("guard-saved", "Saved.");
await page.fill("input[name=max_deactivations]", "0");
await page.click("text=Save User Provision Options");

// Who owns which attribute, how managers are looked up, whom a create links.
await see("attributes", "/console/demo/provisioning", "Who owns an attribute", "How a manager is looked up", "Whom a create links");
const attribute = (n) => at("input[name=attribute]").nth(n);
const owner = (n) => at("select[name=owner]").nth(n);
const saveAttributes = () => page.click("text=Save Attributes and Managers");
assert.ok((await at("#known-attributes option").count()) > 20, "no attributes are proposed");
await attribute(0).fill("title");
await owner(0).selectOption("manual");
await attribute(1).fill("User:userName");
await owner(1).selectOption("read-only");
await attribute(2).fill("User:nickName");
await at("select[name=manager_by]").first().selectOption("email");
await saveAttributes();
await looks("attributes-refused", "Nothing was saved", "\"title\" is no attribute such as User:title", "it is required", "Choose who owns it.");
assert.equal(await attribute(0).inputValue(), "title", "what was typed is gone");
assert.equal(await at("select[name=manager_by]").first().inputValue(), "email", "what was chosen is gone");
await attribute(0).fill("User:title");
await attribute(1).fill("User:active");
await owner(1).selectOption("manual");
await owner(2).selectOption("locked");
await saveAttributes();
await looks("attributes-active-refused", 'the application cannot own "active"');
await attribute(1).fill("");
await at("select[name=manager_by]").nth(1).selectOption("user-name");
await page.check("input[name=adopt_invited][value=anyone]");
await saveAttributes();
await looks("attributes-saved", "Attributes and managers are saved.");
await page.goto(`${origin}/console/demo/provisioning`);
assert.deepEqual([await attribute(0).inputValue(), await owner(0).inputValue()], ["User:nickName", "locked"]);
assert.deepEqual([await attribute(1).inputValue(), await owner(1).inputValue()], ["User:title", "manual"]);
assert.equal(await at("select[name=manager_by]").nth(1).inputValue(), "user-name");
assert.ok(await page.isChecked("input[name=adopt_invited][value=anyone]"));
for (const n of [0, 1]) await attribute(n).fill("");
for (const n of [0, 1]) await at("select[name=manager_by]").nth(n).selectOption("");
await page.check("input[name=adopt_invited][value=unclaimed]");
await saveAttributes();
assert.equal(await attribute(0).inputValue(), "", "a row that was emptied is there again");

// How the connection is spoken with: as chosen, refused with what was typed, and still so on the next visit.
await page.goto(`${origin}/console/demo/provisioning`);
const before = await page.inputValue("#settings select[name=dialect]");
await page.selectOption("#settings select[name=dialect]", "entra");
await page.check("input[name=unknown_members][value=refuse]");
await page.fill("input[name=welcome_delay]", "ten");
await page.click("text=Save Connection Settings");
await looks("settings-refused", "Nothing was saved", "A whole number from 0");
assert.equal(await at("input[name=welcome_delay]").getAttribute("aria-describedby"), "welcome_delay-error");
assert.equal(await page.inputValue("#settings select[name=dialect]"), "entra", "what was chosen is gone");
assert.ok(await page.isChecked("input[name=unknown_members][value=refuse]"), "what was chosen is gone");
await page.click("text=Show it");
await page.waitForURL(/#settings$/);
await page.fill("input[name=welcome_delay]", "600");
await page.click("text=Save Connection Settings");
await looks("settings-saved", "The connection's settings are saved.");
await page.goto(`${origin}/console/demo/provisioning`);
assert.deepEqual([await page.inputValue("#settings select[name=dialect]"), await page.inputValue("input[name=welcome_delay]")], ["entra", "600"]);
await page.selectOption("#settings select[name=dialect]", before);
await page.check("input[name=unknown_members][value=auto]");
await page.fill("input[name=welcome_delay]", "");
await page.click("text=Save Connection Settings");

// Another connection: a name that is none is said, then it is made, and its token is shown once and works.
await page.click("text=New connection");
await looks("connection-new", "One connection for each identity provider", "Identity provider");
await page.fill("input[name=name]", "second app");
await page.selectOption("select[name=dialect]", "onelogin");
await page.click("text=Make the connection");
await looks("connection-refused", "cannot be the name of a connection");
assert.deepEqual([await page.inputValue("input[name=name]"), await page.inputValue("select[name=dialect]")], ["second app", "onelogin"]);
await page.fill("input[name=name]", "Second");
await page.click("text=Make the connection");
await looks("connection-made", "The connection second is made", "shown only this once", "demo.second");
const ofSecond = { authorization: `Bearer ${await page.textContent("#new-token")}` };
assert.equal((await fetch(`${base}/Users?count=1`, { headers: ofSecond })).status, 200, "the connection's token does not work");
assert.equal(await page.inputValue("#settings select[name=dialect]"), "onelogin");
await page.click(".tabs >> text=default");
await looks("connection-default", "demo.default");

// Issuers are trusted, refused with a reason, and trusted no more; keys are not shown again.
const keySet = '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"one","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}]}';
const trust = async (issuer, keys) => {
  await page.fill("input[name=issuer]", issuer);
  await page.fill("input[name=audience]", "api://haystack");
  await page.fill("textarea[name=keys]", keys);
  await page.click("text=Trust this issuer");
};
await trust("https://issuer.test", "/etc/passwd");
await looks("issuer-refused", "The issuer is not trusted", "named on its command line");
assert.equal(await page.inputValue("input[name=issuer]"), "https://issuer.test", "what was typed is gone");
await trust("https://issuer.test", "http://issuer.test/keys");
await looks("issuer-insecure", "keys have to come over https");
await trust("https://issuer.test", "https://169.254.169.254/latest/meta-data");
await looks("issuer-inside", "in a private network");
await page.check("input[name=scope][value=read]");
await trust("https://issuer.test", keySet);
await looks("issuer-trusted", "Tokens of https://issuer.test are good", "key set, as it was entered");
assert.ok(!(await page.content()).includes("11qYAYKx"), "the keys are shown again");
await trust("https://issuer.test", keySet);
await looks("issuer-twice", "exists already");
await page.locator("#issuers tr", { hasText: "https://issuer.test" }).getByRole("button", { name: "Remove" }).click();
await looks("issuer-removed", "No issuer is trusted.");

// People who were here before: who is who by a list, and linking; or by hand, without a list.
await see("adoption", "/console/demo/adoption", "before.one@acme.test", "before.two@acme.test", "By the identity provider's list", "no externalId is entered");
await page.fill("textarea[name=roster]", "name\nann");
await page.click("text=Show who is who");
await looks("adoption-refused", "names none of the columns");
assert.equal(await page.inputValue("textarea[name=roster]"), "name\nann", "what was typed is gone");
const roster = "userName,externalId\nbefore.one@acme.test,ext-1\nnobody@acme.test,ext-2\n";
await page.setInputFiles("input[type=file]", { name: "people.csv", mimeType: "text/csv", buffer: Buffer.from(roster) });
await page.waitForFunction((text) => document.querySelector("textarea[name=roster]").value === text, roster);
await page.click("text=Show who is who");
await looks("adoption-dry-run", "1 would be linked", "1 new", "would be linked");
await page.click("text=Link 1 person");
await looks("adoption-linked", "1 person linked to the connection default", "What was done");
assert.ok(!(await page.textContent("#unowned")).includes("before.one"), "who was linked still belongs to nobody");
await page.locator("#unowned tr", { hasText: "before.two@acme.test" }).getByRole("checkbox").check();
await page.click("text=Link the ticked ones");
await looks("adoption-picked", "1 person linked");
assert.ok(!(await page.textContent("#unowned")).includes("before.two"));

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
await page.click("tbody tr:nth-child(8) a");
await looks("person", "Reporting line", "Profile", "Groups", "History", "Joined", "Signed in");

await see("groups", "/console/demo/groups", "Members");
await page.click("tbody tr:first-child a");
await looks("group", "Members", "Created");

// The org chart begins at the top and goes down a branch at a time, and up again.
await see("org-chart", "/console/demo/org-chart", "people. Here are those with nobody above them", "reports →");
const boxes = () => page.locator("svg rect").count();
assert.ok((await boxes()) >= 1, "nobody is at the top");
await page.locator("svg a").first().click();
await looks("org-chart-branch", "Top of the company", "Profile of", "reports →");
assert.ok((await page.locator("svg path.wire").count()) >= 2, "nobody reports to the top");
assert.equal(await page.locator("svg path.wire").count(), (await boxes()) - 1, "not everyone has a line");
await page.locator("svg a").nth(1).click();
await looks("org-chart-below", "Top of the company");
assert.equal(await page.locator("svg .box.root").count(), 1);
await page.click("text=Top of the company");
await page.click("text=Managers to put right");
await looks("managers", "Why a manager is not known", "Circles");
await page.click("text=Look for circles");
await looks("circles", "No managers run in a circle.");

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
await see("phone-new-connection", "/console/demo/connections", "Identity provider");
await see("phone-overview", "/console/demo", "Needs attention");
await see("phone-security", "/console/demo/security", "Nobody");
await see("phone-people", "/console/demo/people", "Department");
await page.click("tbody tr:nth-child(8) a");
await looks("phone-person", "Reporting line");
await see("phone-adoption", "/console/demo/adoption", "Belong to no connection");
await see("phone-groups", "/console/demo/groups", "Members");
await see("phone-org-chart", "/console/demo/org-chart", "reports →");
await page.locator("svg a").first().click();
await looks("phone-branch", "Top of the company");
await see("phone-managers", "/console/demo/org-chart/troubles", "Circles");
await see("phone-fields", "/console/demo/fields", "joinDate");
await see("phone-log", "/console/demo/log?show=all", "POST User");

await page.setViewportSize({ width: 1280, height: 900 });
await page.click("text=Log out");
await page.waitForURL(/login/);
await page.goto(`${origin}/console/demo/people`);
assert.ok(page.url().endsWith("/console/login"), "logging out did not end the session");

await browser.close();
assert.deepEqual(complaints, [], "the browser complained");
console.log(`${checks} passed, 0 failed`);
