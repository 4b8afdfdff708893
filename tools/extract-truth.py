#!/usr/bin/env python3
"""Writes data/cmdlets.json and data/graph-requests.json: what the cmdlets and requests of a plan really accept.

    tools/extract-truth.py <folder with cmdlets.json, graph.json and graph-types.json>

The folder holds facts taken from Microsoft's reference pages and SDK metadata; only what plans emit or read is carried over. Run it again, and read the
difference, when a plan needs another cmdlet or the facts are newer. The output is the same for the same input.
"""

import json
import pathlib
import sys

CMDLETS = [
    "Get-ADUser", "Get-MailUser", "Get-MigrationBatch", "Get-MigrationUser", "Get-SPOCrossTenantUserContentMoveState", "Get-User", "New-MailUser",
    "New-MigrationBatch", "Remove-MailUser", "Remove-MigrationBatch", "Set-ADUser", "Set-MailUser", "Set-MigrationBatch", "Set-User",
    "Start-MigrationBatch", "Start-SPOCrossTenantUserContentMove", "Stop-MigrationBatch", "Stop-SPOCrossTenantUserContentMove",
    "Test-MigrationServerAvailability",
    # What the lab's world answers beside: sessions, other recipients, federation.
    "Get-AcceptedDomain", "Get-ConnectionInformation", "Get-CsTenantFederationConfiguration", "Get-MailContact", "Get-Mailbox", "Get-Recipient",
    "New-MailContact", "Remove-MailContact", "Remove-MigrationUser", "Set-CsTenantFederationConfiguration",
]
# Of these the folder has no facts: what their reference pages show, as this file writes it.
BESIDE = {
    "Get-ADDomain": {
        "module": "ActiveDirectory",
        "source": "MicrosoftDocs/windows-powershell-docs@716189e3aba185a623e01935499db1b59be272d7:docset/winserver2022-ps/ActiveDirectory/Get-ADDomain.md",
        "date": "2016-12-27",
        "supportsShouldProcess": False,
        "parameterSets": ["Current", "Identity"],
        "defaultParameterSet": "Current",
        "parameters": {
            "AuthType": {"type": "ADAuthType"},
            "Credential": {"type": "PSCredential"},
            "Current": {"type": "ADCurrentDomainType", "sets": ["Current"]},
            "Identity": {"type": "ADDomain", "sets": ["Identity"], "mandatoryIn": ["Identity"]},
            "Server": {"type": "String"},
        },
    },
    "Get-CsTenant": {
        "module": "MicrosoftTeams",
        "source": "MicrosoftDocs/office-docs-powershell@30fe22d40905d2c5bdd8bd16e2c82522884732c0:teams/teams-ps/MicrosoftTeams/Get-CsTenant.md",
        "date": "2026-08-21",
        "supportsShouldProcess": False,
        "parameterSets": ["__AllParameterSets"],
        "defaultParameterSet": None,
        "parameters": {
            "DomainController": {"type": "Fqdn"},
            "Filter": {"type": "String"},
            "Identity": {"type": "OUIdParameter"},
            "ResultSize": {"type": "Int32"},
        },
    },
}
VERSION = "v1.0"
JOBS = "/solutions/migrations/crossTenantMigrationJobs"
JOB = JOBS + "(displayName='{displayName}')"
REQUESTS = [
    (VERSION, method, path)
    for method, path in [
        ("GET", "/users/{user-id}"), ("PATCH", "/users/{user-id}"), ("POST", "/users/{user-id}/assignLicense"),
        # What a snapshot is read with.
        ("POST", "/$batch"), ("GET", "/organization"), ("GET", "/users"), ("GET", "/users/$count"), ("GET", "/groups"),
        ("GET", "/groups/{group-id}/members"), ("GET", "/contacts"), ("GET", "/contacts/$count"), ("GET", "/subscribedSkus"),
        ("GET", "/users/delta()"), ("GET", "/groups/delta()"), ("GET", "/contacts/delta()"),
        ("GET", "/policies/crossTenantAccessPolicy"), ("GET", "/policies/crossTenantAccessPolicy/default"),
        ("GET", "/policies/crossTenantAccessPolicy/partners"),
    ]
] + [
    # What batches are moved with.
    (version, method, path)
    for version in ("beta", VERSION)
    for method, path in [
        ("POST", JOBS), ("GET", JOB), ("PATCH", JOB), ("DELETE", JOB), ("POST", JOB + "/validate"), ("POST", JOB + "/migrate"), ("POST", JOB + "/cancel"),
        ("GET", JOBS + "/{crossTenantMigrationJob-id}/users"),
    ]
]
# Where the facts name no page of their own.
DOCS = "https://learn.microsoft.com/graph/api/overview"

# Delta functions: the type of their objects, which the assembly hides behind one name, and the option of the reference pages that it does not list.
DELTA_OF = {"/users/delta()": "user", "/groups/delta()": "group", "/contacts/delta()": "orgContact"}
DELTA_OPTIONS = ["$deltatoken"]

# What the reference says in prose, which no syntax block shows.
CONFLICTS = [
    {
        "cmdlet": "Set-MailUser",
        "parameters": ["EmailAddresses", "PrimarySmtpAddress"],
        "says": "EmailAddresses and PrimarySmtpAddress cannot be used in the same command.",
        "source": "https://learn.microsoft.com/powershell/module/exchangepowershell/set-mailuser",
    }
]
# When the commits that the facts were read from were made.
DATES = {
    "MicrosoftDocs/office-docs-powershell": "2026-08-21",
    "MicrosoftDocs/windows-powershell-docs": "2026-04-25",
    # The last page of these cmdlets before they left the reference; Microsoft's how-to for OneDrive still uses them.
    "MicrosoftDocs/OfficeDocs-SharePoint-PowerShell": "2025-07-23",
}
# What a type is without the versions' names for it.
SAME = {"None": None, "CrossTenantMigrationJob": "crossTenantMigrationJob", "CrossTenantMigrationCancelResponse": "crossTenantMigrationCancelResponse",
        "CrossTenantMigrationTaskCollectionResponse": "crossTenantMigrationTaskCollectionResponse"}


def sets(parameter, all_sets):
    found = parameter["parameter_sets"]
    return all_sets if found == "(All)" else [name for name in all_sets if name in found]


def cmdlet(facts):
    all_sets = facts["parameter_sets"]
    parameters = {}
    for name, parameter in sorted(facts["parameters"].items(), key=lambda item: item[0].lower()):
        own = sets(parameter, all_sets)
        row = {"type": parameter["type"]}
        if parameter.get("aliases"):
            row["aliases"] = parameter["aliases"]
        if own != all_sets:
            row["sets"] = own
        mandatory = own if parameter.get("mandatory_in_all_its_sets") else [name for name in own if name in parameter.get("mandatory_in", [])]
        if mandatory:
            row["mandatoryIn"] = mandatory
        if "exo" in parameter:
            row["exchangeOnline"] = parameter["exo"]
        if parameter.get("functional_only_on_premises"):
            row["onPremisesOnly"] = True
        if parameter.get("reserved_for_internal_use"):
            row["reserved"] = True
        parameters[name] = row
    source = facts["source"]
    row = {
        "module": facts["module"],
        "source": source,
        "date": DATES[source.split("@")[0]],
        "supportsShouldProcess": facts["supports_should_process"],
        "parameterSets": all_sets,
        "defaultParameterSet": facts["default_parameter_set"],
        "parameters": parameters,
    }
    if "exo" in facts:
        row["exchangeOnline"] = facts["exo"]
    return row


def nested(name):
    return name.removeprefix("Collection(").removesuffix(")")


def lines(value, indent=0):
    """JSON with one line for each value that nests nothing deeper than a list of words."""
    flat = json.dumps(value, ensure_ascii=False)
    if not isinstance(value, (dict, list)) or len(flat) + indent <= 160:
        return flat
    pad = "\n" + " " * (indent + 1)
    if isinstance(value, dict):
        inner = [json.dumps(name) + ": " + lines(entry, indent + 1) for name, entry in value.items()]
        return "{" + pad + ("," + pad).join(inner) + "\n" + " " * indent + "}"
    return "[" + pad + ("," + pad).join(lines(entry, indent + 1) for entry in value) + "\n" + " " * indent + "]"


def write(path, value):
    path.write_text(lines(value) + "\n", encoding="utf-8")


def main():
    folder = pathlib.Path(sys.argv[1])
    data = pathlib.Path(__file__).resolve().parent.parent / "data"
    read = lambda name: json.loads((folder / name).read_text(encoding="utf-8"))

    facts = read("cmdlets.json")
    out = {
        "about": "The cmdlets that a plan emits or reads: parameters, types, parameter sets (absent: all), in which sets a parameter is mandatory, whether it "
        "exists in Exchange Online, and whether the reference says that it works on-premises only. Written by tools/extract-truth.py.",
        "conflicts": CONFLICTS,
        "cmdlets": dict(sorted({**{name: cmdlet(facts[name]) for name in CMDLETS}, **BESIDE}.items())),
    }
    write(data / "cmdlets.json", out)

    every = read("graph-types.json")["types"]
    types = every[VERSION]
    requests, needed, all_requests = [], set(), read("graph.json")
    for version, method, path in REQUESTS:
        found = [r for r in all_requests if (r["version"], r["method"], r["path"]) == (version, method, path)]
        assert len(found) == 1, (version, method, path)
        request = found[0]
        row = {"method": method, "path": path, "version": version, "docs": request.get("docs", DOCS), "source": request["source"]}
        if request.get("deprecated"):
            row["deprecated"] = request["deprecated"]
        request["returns"] = SAME.get(request.get("returns"), request.get("returns"))
        for name in ("query_parameters", "returns", "body_type"):
            if request.get(name):
                row[{"query_parameters": "queryParameters", "body_type": "bodyType"}.get(name, name)] = request[name]
        if path in DELTA_OF:
            row["returns"] = DELTA_OF[path] + "CollectionResponse"
            row["deltaOptions"] = {"names": DELTA_OPTIONS, "source": row["docs"]}
        # Of a list, the type of its objects.
        returned = (request.get("returns") or "").removesuffix("CollectionResponse")
        if "nested" in request:
            row["nested"] = request["nested"]
        # A user's own properties are enough; of other bodies, what they nest is needed too.
        own = [name for name in (request.get("body_type"), returned) if name in types]
        needed.update(own)
        # One table of types serves both versions as long as they agree.
        assert version == VERSION or all(every[version][name]["properties"] == types[name]["properties"] for name in own if name in every[version]), path
        if request.get("body_type") in types and request["body_type"] != "user":
            needed.update(name for name in map(nested, request["body_properties"].values()) if name in types)
        requests.append(row)
    out = {
        "about": "The Graph requests that a plan emits or reads, and the types of their bodies and answers. Written by tools/extract-truth.py.",
        "source": requests[0]["source"],
        "requests": requests,
        "types": {name: types[name]["properties"] for name in sorted(needed)},
    }
    write(data / "graph-requests.json", out)


if __name__ == "__main__":
    main()
