# Sluice on Nomad 1.8 or newer, with its Docker driver; see ../README.md for what comes before it.
#
#   nomad job run -var image=registry.example.com/sluice:0.1.0 \
#     -var temporal_address=temporal.example.com:7233 deploy/nomad/sluice.nomad.hcl

variable "image" {
  type        = string
  description = "The image, where every client finds it."
}

variable "temporal_address" {
  type        = string
  description = "host:7233"
}

variable "temporal_namespace" {
  type    = string
  default = "default"
}

variable "workers" {
  type    = number
  default = 2
}

locals {
  environment = {
    TEMPORAL_ADDRESS   = var.temporal_address
    TEMPORAL_NAMESPACE = var.temporal_namespace
    SLUICE_HOME        = "/var/lib/sluice"
    SLUICE_STAGE       = "/var/lib/sluice/stage"
    # Directory sources: mount the same files here, in every worker of the queue.
    SLUICE_SOURCE_ROOTS = "/data"
    SLUICE_HOST         = "0.0.0.0"
    SLUICE_PORT         = "3000"
    SLUICE_LOG_LEVEL    = "info"
    SLUICE_LOG_FORMAT   = "json"
  }

  # The job's own variable, which its tasks may read; with the role's password.
  database_url = "DATABASE_URL={{ with nomadVar \"nomad/jobs/sluice\" }}{{ .database_url }}{{ end }}"
}

job "sluice" {
  type = "service"

  # One new allocation is there before an old one goes; when it does not get well, all goes back.
  update {
    max_parallel     = 1
    canary           = 1
    auto_promote     = true
    auto_revert      = true
    min_healthy_time = "10s"
    healthy_deadline = "5m"
  }

  spread {
    attribute = "${node.unique.id}"
  }

  group "api" {
    count = 2

    # The API has neither authentication nor TLS: let only a proxy that checks who comes reach this
    # port, by a `host_network` of the client or its firewall.
    network {
      port "http" {
        to = 3000
      }
    }

    service {
      name     = "sluice-api"
      port     = "http"
      provider = "nomad"

      check {
        type     = "http"
        path     = "/readyz"
        interval = "10s"
        timeout  = "5s"
      }
    }

    # A folder that all clients share, such as one of NFS, that belongs to user 1000: each client
    # names it `host_volume "sluice-stage"`. With a CSI plugin: type = "csi", access_mode =
    # "multi-node-multi-writer", attachment_mode = "file-system".
    volume "stage" {
      type   = "host"
      source = "sluice-stage"
    }

    restart {
      mode     = "delay"
      attempts = 5
      interval = "5m"
      delay    = "5s"
    }

    task "api" {
      driver = "docker"
      # Out of the proxy first; then requests under way get 15 seconds.
      shutdown_delay = "5s"
      kill_signal    = "SIGTERM"
      kill_timeout   = "30s"
      env            = local.environment

      config {
        image           = var.image
        args            = ["api"]
        ports           = ["http"]
        init            = true
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]

        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      template {
        data        = local.database_url
        destination = "${NOMAD_SECRETS_DIR}/database.env"
        env         = true
      }

      volume_mount {
        volume      = "stage"
        destination = "/var/lib/sluice/stage"
      }

      resources {
        cpu    = 200
        memory = 512
      }
    }
  }

  # Add and remove workers at any time: nomad job scale sluice worker 3
  group "worker" {
    count = var.workers

    volume "stage" {
      type   = "host"
      source = "sluice-stage"
    }

    # It finds Temporal and PostgreSQL again by itself; when it ends because they are not there at
    # its start, it is started again for as long as it takes.
    restart {
      mode     = "delay"
      attempts = 5
      interval = "5m"
      delay    = "5s"
    }

    # It listens nowhere: well is what runs.
    update {
      health_check = "task_states"
    }

    task "worker" {
      driver = "docker"
      # SIGTERM: it takes no more work, ends its units within --grace seconds, hands back the rest,
      # and is gone 10 seconds later in any case. The kill must come after both. A client shortens
      # this to its `max_kill_timeout`, which is 30s unless its configuration says more.
      kill_signal  = "SIGTERM"
      kill_timeout = "60s"
      env          = local.environment

      config {
        image = var.image
        args = [
          "worker", "--queue", "ingest", "--concurrency", "4", "--grace", "20",
          "--name", "sluice-worker-${NOMAD_SHORT_ALLOC_ID}",
        ]
        init            = true
        readonly_rootfs = true
        cap_drop        = ["all"]
        security_opt    = ["no-new-privileges"]

        mount {
          type   = "tmpfs"
          target = "/tmp"
        }
      }

      template {
        data        = local.database_url
        destination = "${NOMAD_SECRETS_DIR}/database.env"
        env         = true
      }

      volume_mount {
        volume      = "stage"
        destination = "/var/lib/sluice/stage"
      }

      resources {
        cpu    = 1000
        memory = 1024
      }
    }
  }
}
