"""Reports of other scanners, as small as they can be.

Trivy's and Grype's have the keys of real output (aquasecurity/trivy pkg/types, anchore/grype grype/presenter/models);
those of Prisma Cloud, Aqua and Defender are written from their documented structure, for no real one was at hand.
"""

import json
from typing import Any

from pratique.model.digest import digest_of

IMAGE = digest_of(b"image")
LAYER = digest_of(b"layer")
SSL = "pkg:deb/debian/libssl3@3.0.11-1?arch=amd64&distro=debian-12"

TRIVY: dict[str, Any] = {
    "SchemaVersion": 2,
    "Trivy": {"Version": "0.68.0"},
    "CreatedAt": "2026-06-01T00:00:00.123456789Z",
    "ArtifactName": "registry.example/web:1",
    "ArtifactType": "container_image",
    "Metadata": {"OS": {"Family": "debian", "Name": "12.5"}, "RepoDigests": [f"registry.example/web@{IMAGE}"]},
    "Results": [
        {
            "Target": "web:1 (debian 12.5)",
            "Class": "os-pkgs",
            "Type": "debian",
            "Packages": [
                {
                    "ID": "libssl3@3.0.11-1",
                    "Name": "libssl3",
                    "Identifier": {"PURL": SSL},
                    "Version": "3.0.11",
                    "Release": "1",
                    "SrcName": "openssl",
                    "SrcVersion": "3.0.11",
                    "SrcRelease": "1",
                    "Layer": {"DiffID": LAYER},
                },
                {"Name": "bash", "Version": "5.2", "Release": "1", "SrcName": "bash", "SrcVersion": "5.2"},
            ],
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "CVE-2024-1",
                    "VendorIDs": ["DSA-1-1"],
                    "PkgName": "libssl3",
                    "PkgIdentifier": {"PURL": SSL},
                    "InstalledVersion": "3.0.11-1",
                    "FixedVersion": "3.0.13-1, 3.1.0-1",
                    "Status": "fixed",
                    "Layer": {"DiffID": LAYER},
                    "DataSource": {"ID": "debian"},
                    "PrimaryURL": "https://avd.aquasec.com/nvd/cve-2024-1",
                    "Title": "openssl: something",
                    "Severity": "HIGH",
                    "CVSS": {"redhat": {"V3Score": 5.0}, "nvd": {"V3Vector": "CVSS:3.1/AV:N", "V3Score": 7.5}},
                    "PublishedDate": "2024-01-01T00:00:00Z",
                },
                {"VulnerabilityID": "CVE-2024-2", "InstalledVersion": "1", "Severity": "LOW"},
            ],
            "ExperimentalModifiedFindings": [
                {
                    "Type": "vulnerability",
                    "Status": "ignored",
                    "Finding": {"VulnerabilityID": "CVE-2024-3", "PkgName": "bash"},
                }
            ],
        },
        {
            "Target": "Node.js",
            "Class": "lang-pkgs",
            "Type": "node-pkg",
            "Vulnerabilities": [
                {
                    "VulnerabilityID": "GHSA-aaaa-bbbb-cccc",
                    "PkgName": "lodash",
                    "PkgPath": "app/node_modules/lodash/package.json",
                    "InstalledVersion": "4.17.11",
                    "Severity": "CRITICAL",
                }
            ],
        },
        {"Target": "Dockerfile", "Class": "config", "Vulnerabilities": None},
    ],
}
GRYPE: dict[str, Any] = {
    "matches": [
        {
            "vulnerability": {
                "id": "GHSA-aaaa-bbbb-cccc",
                "dataSource": "https://github.com/advisories/GHSA-aaaa-bbbb-cccc",
                "namespace": "github:language:javascript",
                "severity": "Critical",
                "urls": [],
                "description": "Prototype pollution",
                "cvss": [
                    {"version": "2.0", "vector": "AV:N", "metrics": {"baseScore": 5.0}, "vendorMetadata": {}},
                    {"version": "3.1", "vector": "CVSS:3.1/AV:N", "metrics": {"baseScore": 9.1}, "vendorMetadata": {}},
                ],
                "fix": {"versions": ["4.17.12"], "state": "fixed"},
                "advisories": [],
            },
            "relatedVulnerabilities": [{"id": "CVE-2019-10744", "severity": "Critical", "cvss": [], "urls": []}],
            "matchDetails": [{"type": "exact-direct-match", "matcher": "javascript-matcher"}],
            "artifact": {
                "id": "1",
                "name": "lodash",
                "version": "4.17.11",
                "type": "npm",
                "locations": [{"path": "/app/node_modules/lodash/package.json", "layerID": LAYER}],
                "language": "javascript",
                "licenses": ["MIT"],
                "cpes": [],
                "purl": "pkg:npm/lodash@4.17.11",
                "upstreams": [],
            },
        },
        {
            "vulnerability": {
                "id": "CVE-2024-1",
                "namespace": "debian:distro:debian:12",
                "severity": "Negligible",
                "fix": {"versions": [], "state": "wont-fix"},
            },
            "relatedVulnerabilities": None,
            "artifact": {
                "name": "libssl3",
                "version": "3.0.11-1",
                "type": "deb",
                "locations": [],
                "purl": SSL,
                "upstreams": [{"name": "openssl"}],
            },
        },
    ],
    "ignoredMatches": [
        {
            "vulnerability": {"id": "CVE-2024-3"},
            "artifact": {"name": "bash"},
            "appliedIgnoreRules": [{"vulnerability": "CVE-2024-3"}],
        }
    ],
    "source": {"type": "image", "target": {"userInput": "web:1", "repoDigests": [f"r/web@{IMAGE}"], "layers": []}},
    "distro": {"name": "debian", "version": "12", "idLike": []},
    "descriptor": {"name": "grype", "version": "0.100.0", "timestamp": "2026-06-01T00:00:00Z"},
}
TWISTLOCK: dict[str, Any] = {
    "results": [
        {
            "id": "sha256:" + "a" * 64,
            "name": "registry.example/web:1",
            "distro": "Debian GNU/Linux 12 (bookworm)",
            "distroRelease": "bookworm",
            "digest": IMAGE,
            "scanTime": "2026-06-01T00:00:00Z",
            "packages": [
                {"type": "os", "name": "libc6", "version": "2.36-9", "licenses": ["GPL-2"]},
                {"type": "nodejs", "name": "lodash", "version": "4.17.11", "path": "/app/node_modules/lodash"},
            ],
            "vulnerabilityDistribution": {"critical": 1, "high": 1, "medium": 0, "low": 0, "total": 2},
            "complianceDistribution": {"critical": 0, "high": 0, "medium": 0, "low": 0, "total": 0},
            "vulnerabilities": [
                {
                    "id": "CVE-2023-4911",
                    "status": "fixed in 2.36-9+deb12u3, 2.38-1",
                    "cvss": 7.8,
                    "vector": "CVSS:3.1/AV:L",
                    "description": "Looney Tunables",
                    "severity": "important",
                    "packageName": "glibc (used in libc6, libc-bin)",
                    "packageVersion": "2.36-9",
                    "link": "https://security-tracker.debian.org/tracker/CVE-2023-4911",
                    "riskFactors": {"Has fix": {}},
                    "publishedDate": "2023-10-03T00:00:00Z",
                },
                {
                    "id": "PRISMA-2021-0001",
                    "status": "open",
                    "severity": "critical",
                    "packageName": "lodash",
                    "packageVersion": "4.17.11",
                    "riskFactors": ["Critical severity"],
                },
            ],
        }
    ],
    "consoleURL": "https://console.example",
}
PRISMA: list[Any] = [
    {
        "entityInfo": {
            "type": "image",
            "id": "sha256:" + "a" * 64,
            "distro": "Alpine Linux v3.19",
            "vulnerabilities": [
                {
                    "cve": "CVE-2024-1",
                    "severity": "high",
                    "status": "fixed in 3.1.4-r5",
                    "cvss": 7.5,
                    "vecStr": "CVSS:3.1/AV:N",
                    "packageName": "openssl",
                    "packageVersion": "3.1.4-r0",
                    "published": 1700000000,
                }
            ],
        },
        "pass": False,
    }
]
AQUA: dict[str, Any] = {
    "image": "web:1",
    "registry": "registry.example",
    "scan_started": {"seconds": 1, "nanos": 2},
    "image_size": 3,
    "digest": IMAGE,
    "os": "debian",
    "version": "12",
    "resources": [
        {
            "resource": {"format": "deb", "name": "openssl", "version": "3.0.11-1", "cpe": "pkg:/debian:12:openssl:3"},
            "scanned": True,
            "vulnerabilities": [
                {
                    "name": "CVE-2024-1",
                    "description": "Something",
                    "publish_date": "2024-01-01",
                    "fix_version": "3.0.13-1",
                    "nvd_score": 5.0,
                    "nvd_severity": "medium",
                    "nvd_score_v3": 7.5,
                    "nvd_severity_v3": "high",
                    "aqua_score": 9.1,
                    "aqua_severity": "critical",
                    "nvd_url": "https://nvd.example",
                },
                {"name": "CVE-2024-2", "aqua_score": 4.5, "nvd_severity": "low"},
                {"name": "CVE-2024-3", "vendor_severity": "low", "nvd_severity_v3": "high"},
            ],
        },
        {
            "resource": {
                "format": "",
                "name": "jinja2",
                "version": "3.0",
                "cpe": "pkg:/python:jinja2:3.0",
                "path": "/x",
            },
            "scanned": True,
            "vulnerabilities": None,
        },
    ],
}
DEFENDER: dict[str, Any] = {
    "count": 1,
    "data": [
        {
            "id": "/subscriptions/s/providers/Microsoft.Security/assessments/c0b7cfc6/subassessments/x",
            "name": "x",
            "type": "microsoft.security/assessments/subassessments",
            "properties": {
                "id": "CVE-2024-1",
                "displayName": "CVE-2024-1",
                "description": "Something",
                "timeGenerated": "2026-06-01T00:00:00Z",
                "status": {"code": "Unhealthy", "severity": "High", "cause": ""},
                "resourceDetails": {"id": f"/repositories/web/images/{IMAGE}", "source": "Azure"},
                "additionalData": {
                    "assessedResourceType": "AzureContainerRegistryVulnerability",
                    "vulnerabilityDetails": {
                        "cveId": "CVE-2024-1",
                        "severity": "High",
                        "publishedDate": "2024-01-01T00:00:00Z",
                        "cvss": {"3.0": {"base": 7.5, "cvssVectorString": "CVSS:3.0/AV:N"}},
                        "references": [{"title": "CVE-2024-1", "link": "https://nvd.example"}],
                    },
                    "artifactDetails": {
                        "registryHost": "registry.azurecr.example",
                        "repositoryName": "web",
                        "digest": IMAGE,
                        "tags": ["1"],
                    },
                    "softwareDetails": {
                        "packageName": "openssl",
                        "version": "3.0.11-1",
                        "fixedVersion": "3.0.13-1",
                        "fixStatus": "FixAvailable",
                        "category": "OS",
                        "osDetails": {"osPlatform": "linux", "osName": "debian", "osVersion": "12"},
                        "evidence": ["dpkg-query -W"],
                    },
                },
            },
        },
        {
            "id": "y",
            "properties": {
                "displayName": "odd",
                "status": {"code": "NotApplicable"},
                "additionalData": {"assessedResourceType": "AzureContainerRegistryVulnerability"},
            },
        },
    ],
}
QUALYS: list[Any] = [
    {
        "properties": {
            "id": "1",
            "displayName": "Debian Security Update for openssl",
            "status": {"code": "Unhealthy", "severity": "Medium"},
            "additionalData": {
                "assessedResourceType": "ContainerRegistryVulnerability",
                "imageDigest": IMAGE,
                "repositoryName": "web",
                "cve": [{"title": "CVE-2024-1", "link": "x"}, {"title": "CVE-2024-2", "link": "y"}],
                "patchable": True,
                "publishedTime": "2024-01-01T00:00:00Z",
            },
        }
    }
]
TRIVY_SARIF: dict[str, Any] = {
    "version": "2.1.0",
    "runs": [
        {
            "tool": {
                "driver": {
                    "name": "Trivy",
                    "version": "0.68.0",
                    "rules": [
                        {
                            "id": "CVE-2024-1",
                            "shortDescription": {"text": "openssl: something"},
                            "helpUri": "https://avd.example",
                            "properties": {"security-severity": "7.5", "tags": ["vulnerability", "security", "HIGH"]},
                        }
                    ],
                }
            },
            "results": [
                {
                    "ruleId": "CVE-2024-1",
                    "level": "error",
                    "message": {
                        "text": "Package: libssl3\nInstalled Version: 3.0.11-1\nVulnerability CVE-2024-1\n"
                        "Severity: HIGH\nFixed Version: 3.0.13-1\nLink: [CVE-2024-1](https://avd.example)"
                    },
                    "locations": [{"physicalLocation": {"artifactLocation": {"uri": "library/web"}}}],
                },
                {"ruleId": "secret-key", "message": {"text": "a secret"}},
            ],
        }
    ],
}
TRIVY_CYCLONEDX: dict[str, Any] = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "metadata": {
        "timestamp": "2026-06-01T00:00:00+00:00",
        "tools": {"components": [{"type": "application", "name": "trivy", "version": "0.68.0"}]},
        "component": {"bom-ref": "root", "type": "container", "name": "web:1"},
    },
    "components": [{"bom-ref": "ssl", "type": "library", "name": "libssl3", "version": "3.0.11-1", "purl": SSL}],
    "vulnerabilities": [
        {
            "id": "CVE-2024-1",
            "source": {"name": "debian", "url": "https://salsa.example"},
            "ratings": [
                {"source": {"name": "debian"}, "severity": "low"},
                {"source": {"name": "nvd"}, "score": 7.5, "severity": "high", "vector": "CVSS:3.1/AV:N"},
            ],
            "affects": [{"ref": "ssl", "versions": [{"version": "3.0.11-1", "status": "affected"}]}],
        },
        {"id": "CVE-2024-2", "affects": [{"ref": "gone"}]},
        {"id": "CVE-2024-4", "affects": [{"ref": "ssl"}], "analysis": {"state": "not_affected"}},
    ],
}
FILES: dict[str, tuple[str, Any]] = {
    "trivy": ("trivy", TRIVY),
    "trivy before 0.20": ("trivy", TRIVY["Results"]),
    "grype": ("grype", GRYPE),
    "twistcli": ("twistlock", TWISTLOCK),
    "prisma's console": ("twistlock", PRISMA),
    "aqua": ("aqua", AQUA),
    "defender": ("defender", DEFENDER),
    "defender with qualys": ("defender", QUALYS),
    "trivy's sarif": ("sarif", TRIVY_SARIF),
    "trivy's cyclonedx": ("cyclonedx", TRIVY_CYCLONEDX),
}


def data(document: Any) -> bytes:
    return json.dumps(document).encode()
