"""docker/kubernetes: the manifests among themselves, and with the service."""

from pathlib import Path
from typing import Any

import pytest

from conversation_service import __version__
from tests.unit.deployment.files import (
    KUBERNETES,
    ROOT,
    SECRET,
    VARIABLES,
    Document,
    assignments,
    config_of,
    documents,
)

(KUSTOMIZATION,) = documents(KUBERNETES / "kustomization.yaml")
CONFIG = assignments(KUBERNETES / "config.env")
(EXAMPLE_SECRET,) = documents(KUBERNETES / "secret.example.yaml")
MANIFESTS = [
    manifest for name in KUSTOMIZATION["resources"] for manifest in documents(KUBERNETES / name)
]
WORKLOADS = [each for each in MANIFESTS if each["kind"] in ("Deployment", "Job")]
CONTAINERS = [
    pytest.param(workload, container, id=container["name"])
    for workload in WORKLOADS
    for container in workload["spec"]["template"]["spec"]["containers"]
]
COMPONENT = "app.kubernetes.io/component"


def named(kind: str, name: str) -> Document:
    """Return the one manifest of that kind and name."""
    (found,) = [
        each for each in MANIFESTS if (each["kind"], each["metadata"]["name"]) == (kind, name)
    ]
    return found


def pod(workload: Document) -> Any:
    """Return the template of a workload's pods."""
    return workload["spec"]["template"]


def web(name: str) -> Any:
    """Return a container of the web server's pods."""
    template = pod(named("Deployment", "conversation-service-web"))
    (found,) = [each for each in template["spec"]["containers"] if each["name"] == name]
    return found


def test_the_kustomization_has_every_manifest_but_the_examples() -> None:
    """A file that it lacks would be deployed by nobody."""
    files = {path.name for path in KUBERNETES.glob("*.yaml")} - {"kustomization.yaml"}
    assert {name for name in files if ".example." not in name} == set(KUSTOMIZATION["resources"])


def test_the_images_have_the_version_of_the_service() -> None:
    """Each container's image is given its tag by the kustomization."""
    tags = {image["name"]: image["newTag"] for image in KUSTOMIZATION["images"]}
    used = {each["image"] for workload in WORKLOADS for each in pod(workload)["spec"]["containers"]}
    assert tags == dict.fromkeys(used, __version__)


@pytest.mark.parametrize(("workload", "container"), CONTAINERS)
def test_a_container_may_do_little(workload: Document, container: Any) -> None:
    """As the Pod Security Standard `restricted` wants, and nothing written but in its volumes."""
    spec = pod(workload)["spec"]
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }


@pytest.mark.parametrize(("workload", "container"), CONTAINERS)
def test_a_container_has_bounds_and_a_place_to_write(workload: Document, container: Any) -> None:
    """Memory and disk are bounded; volumes have a size, and each mount has its volume."""
    assert {"cpu", "memory", "ephemeral-storage"} <= set(container["resources"]["requests"])
    assert {"memory", "ephemeral-storage"} <= set(container["resources"]["limits"])
    volumes = {each["name"]: each["emptyDir"] for each in pod(workload)["spec"]["volumes"]}
    assert all(volume["sizeLimit"] for volume in volumes.values())
    mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
    assert "/tmp" in mounts  # noqa: S108  # the container's own
    assert set(mounts.values()) <= set(volumes)


@pytest.mark.parametrize(("workload", "container"), CONTAINERS)
def test_a_container_reads_the_configuration(workload: Document, container: Any) -> None:
    """The front what is no secret, the service all; the names are those that are made."""
    read = [
        (kind, source["name"]) for each in container["envFrom"] for kind, source in each.items()
    ]
    config = ("configMapRef", KUSTOMIZATION["configMapGenerator"][0]["name"])
    secret = ("secretRef", EXAMPLE_SECRET["metadata"]["name"])
    assert read == ([config] if container["name"] == "front" else [config, secret])


def test_the_service_can_start_with_the_configuration(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """By the strict rules of production, once the secrets are filled in."""
    secrets = {name: value or SECRET for name, value in EXAMPLE_SECRET["stringData"].items()}
    assert CONFIG.keys() | secrets.keys() <= VARIABLES
    assert not CONFIG.keys() & secrets.keys()
    hosts = f"{CONFIG['ALLOWED_HOSTS']},10.1.2.3"
    variables = {**CONFIG, **secrets, "ALLOWED_HOSTS": hosts}
    config = config_of(variables, patch=monkeypatch, folder=tmp_path)
    assert config.is_production
    assert named("Service", "conversation-service")["metadata"]["name"] in config.allowed_hosts


def test_the_example_of_a_secret_holds_none() -> None:
    """The service refuses to start on it."""
    assert EXAMPLE_SECRET["stringData"]["JWT_SECRET_KEY"] == ""


def test_a_pod_takes_its_address_for_its_own() -> None:
    """Probes and Prometheus call it by nothing else."""
    variables = {each["name"]: each for each in web("web")["env"]}
    assert list(variables) == ["POD_IP", "NAMES", "ALLOWED_HOSTS"]
    assert variables["POD_IP"]["valueFrom"]["fieldRef"]["fieldPath"] == "status.podIP"
    assert variables["NAMES"]["valueFrom"]["configMapKeyRef"]["key"] in CONFIG
    assert variables["ALLOWED_HOSTS"]["value"] == "$(NAMES),$(POD_IP)"


def test_the_web_is_probed_where_it_answers() -> None:
    """Alive and ready are different questions, both asked by way of the front."""
    (port,) = web("front")["ports"]
    assert port["containerPort"] == 8003
    assert web("front")["readinessProbe"]["httpGet"] == {"path": "/health/ready", "port": "http"}
    for probe in ("startupProbe", "livenessProbe"):
        assert web("web")[probe]["httpGet"] == {"path": "/health/live", "port": 8003}


def test_the_front_and_the_web_share_the_socket() -> None:
    """Where both look for it."""
    for name in ("front", "web"):
        assert {"name": "socket", "mountPath": "/run/web"} in web(name)["volumeMounts"]


def test_a_pod_of_the_web_ends_in_order() -> None:
    """The front when every request is over, then the web server, and all within the grace."""
    spec = pod(named("Deployment", "conversation-service-web"))["spec"]
    front, server = (
        web(name)["lifecycle"]["preStop"]["sleep"]["seconds"] for name in ("front", "web")
    )
    request_timeout = 30
    kill_timeout = 10  # of docker/entrypoint.sh
    assert request_timeout < front < server
    assert server + kill_timeout < spec["terminationGracePeriodSeconds"]


@pytest.mark.parametrize("workload", WORKLOADS, ids=lambda each: each["metadata"]["name"])
def test_a_role_of_the_image_is_asked_for(workload: Document) -> None:
    """By the first of the arguments, as its component says."""
    labels = pod(workload)["metadata"]["labels"]
    main = pod(workload)["spec"]["containers"][-1]
    assert main["args"] == [labels[COMPONENT]]


@pytest.mark.parametrize(
    "manifest",
    [each for each in MANIFESTS if each["kind"] not in ("Namespace", "Job")],
    ids=lambda each: f"{each['kind']}-{each['metadata']['name']}",
)
def test_what_selects_pods_finds_some(manifest: Document) -> None:
    """A label with a slip of the pen would select none, silently."""
    spec = manifest["spec"]
    components = {pod(each)["metadata"]["labels"][COMPONENT] for each in WORKLOADS}
    if target := spec.get("scaleTargetRef"):
        assert named(target["kind"], target["name"])
        return
    selector = spec["podSelector"] if "podSelector" in spec else spec["selector"]
    wanted = selector.get("matchLabels", {} if "podSelector" in spec else selector)
    assert set(wanted) <= {COMPONENT}
    assert set(wanted.values()) <= components
    if manifest["kind"] == "Deployment":
        assert pod(manifest)["metadata"]["labels"] == wanted


def test_an_upgrade_can_begin_with_the_indexes_alone() -> None:
    """The label that docs/deployment.md selects by is on the Job and on what it reads, only."""
    [configuration] = KUSTOMIZATION["configMapGenerator"]
    labelled = {
        each["metadata"]["name"]
        for each in MANIFESTS
        if each["metadata"].get("labels", {}).get(COMPONENT) == "setup"
    }
    assert labelled == {"conversation-service-setup"}
    assert configuration["options"]["labels"] == {COMPONENT: "setup"}
    guide = (ROOT / "docs" / "deployment.md").read_text()
    assert f"--selector {COMPONENT}=setup" in guide


def test_one_scheduler_at_a_time() -> None:
    """The old one ends before the new one starts."""
    beat = named("Deployment", "conversation-service-beat")["spec"]
    assert (beat["replicas"], beat["strategy"]) == (1, {"type": "Recreate"})
