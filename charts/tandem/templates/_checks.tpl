{{/* Rules between values, which the schema cannot tell. Each says what is wrong, why, and what to do. */}}
{{- define "tandem.checks" -}}
{{- include "tandem.publicUrl" . | trunc 0 -}}
{{- include "tandem.checkDevelopment" . -}}
{{- if .Values.httpRoute.enabled -}}
{{- if not .Values.httpRoute.parentRefs -}}
{{- fail "httpRoute.parentRefs is empty: a route is served by the gateways it names; add one, e.g. [{name: public, namespace: gateways}]" -}}
{{- end -}}
{{- end -}}
{{- if eq .Values.scenario "single" -}}
{{- include "tandem.checkSingle" . -}}
{{- else -}}
{{- include "tandem.checkCluster" . -}}
{{- end -}}
{{- end -}}

{{- define "tandem.checkDevelopment" -}}
{{- if .Values.development.enabled -}}
{{- if not (regexMatch "(^localhost|\\.svc\\.cluster\\.local|\\.test|(^|\\.)example\\.org)$" (include "tandem.host" .)) -}}
{{- fail (printf "development.enabled with publicUrl %s: in development mode everybody may sign in as anybody; it is for hosts that end in .svc.cluster.local, .test or example.org, and for localhost. Leave it off" .Values.publicUrl) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tandem.checkSingle" -}}
{{- $only := dict "blobs.volume.enabled" .Values.blobs.volume.enabled "database.cloudNativePG.enabled" .Values.database.cloudNativePG.enabled "nats.external.url" .Values.nats.external.url "tls.enabled" .Values.tls.enabled "externalSecrets.enabled" .Values.externalSecrets.enabled "backup.enabled" .Values.backup.enabled -}}
{{- range $key, $value := $only -}}
{{- if $value -}}
{{- fail (printf "%s has no effect in scenario single, where one pod has all on its volume: set scenario to cluster, or take the value out" $key) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "tandem.checkCluster" -}}
{{- if and .Values.blobs.url .Values.blobs.volume.enabled -}}
{{- fail "blobs.url and blobs.volume.enabled: files lie in one place; take one of them out" -}}
{{- end -}}
{{- if not (or .Values.blobs.url .Values.blobs.volume.enabled) -}}
{{- fail "blobs: pods of scenario cluster share a store of files; set blobs.url to s3://BUCKET?region=REGION, or blobs.volume.enabled to true with a volume that all nodes can write" -}}
{{- end -}}
{{- if and (not .Values.nats.enabled) (not .Values.nats.external.url) -}}
{{- fail "nats.external.url is empty while nats.enabled is false: services of scenario cluster tell each other of events by NATS; name a server with JetStream, or let the chart run one" -}}
{{- end -}}
{{- if and .Values.nats.enabled .Values.nats.external.url -}}
{{- fail "nats.external.url has no effect while nats.enabled is true: set nats.enabled to false, or take the address out" -}}
{{- end -}}
{{- if .Values.nats.enabled -}}
{{- include "tandem.checkNatsReplicas" . -}}
{{- end -}}
{{- include "tandem.checkAutoscaling" . -}}
{{- include "tandem.checkConnections" . -}}
{{- if and .Values.tls.certManager.enabled (not .Values.tls.enabled) -}}
{{- fail "tls.certManager.enabled has no effect while tls.enabled is false: set tls.enabled to true" -}}
{{- end -}}
{{- if and .Values.externalSecrets.enabled (not .Values.externalSecrets.secretStoreRef.name) -}}
{{- fail "externalSecrets.secretStoreRef.name is empty: name the SecretStore that the secrets come from" -}}
{{- end -}}
{{- if .Values.backup.enabled -}}
{{- if not (or .Values.backup.url .Values.backup.volume.existingClaim) -}}
{{- fail "backup.enabled without a place: set backup.url to s3://BUCKET?region=REGION, or backup.volume.existingClaim to a claim that exists" -}}
{{- end -}}
{{- if and .Values.backup.url .Values.backup.volume.existingClaim -}}
{{- fail "backup.url and backup.volume.existingClaim: backups lie in one place; take one of them out" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* A server alone throws its streams away when it becomes one of several; of several, those that go take copies with them. */}}
{{- define "tandem.checkNatsReplicas" -}}
{{- $want := int .Values.nats.replicas -}}
{{- $there := lookup "apps/v1" "StatefulSet" .Release.Namespace (include "tandem.nats" .) -}}
{{- $had := dig "spec" "replicas" $want $there | int -}}
{{- if or (lt $want $had) (and (eq $had 1) (gt $want 1)) -}}
{{- fail (printf "nats.replicas %d: %d runs here, and streams do not survive that change. They can be made again from the databases: the chart's README, NATS, tells how" $want $had) -}}
{{- end -}}
{{- end -}}

{{- define "tandem.checkAutoscaling" -}}
{{- range include "tandem.owners" . | splitList " " -}}
{{- with (index $.Values .).autoscaling -}}
{{- if and .enabled (gt (int .minReplicas) (int .maxReplicas)) -}}
{{- fail (printf "autoscaling.minReplicas %d is more than maxReplicas %d: there is no number of pods between them" (int .minReplicas) (int .maxReplicas)) -}}
{{- end -}}
{{- if and .enabled (not (or .targetCPU .targetMemory)) -}}
{{- fail "autoscaling.enabled with targetCPU and targetMemory 0: nothing would be looked at; set one of them" -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* What an external database takes nobody can know here; the notes say how much it must be. */}}
{{- define "tandem.checkConnections" -}}
{{- with .Values.database.cloudNativePG -}}
{{- $has := default "100" .parameters.max_connections -}}
{{- $needs := include "tandem.connections" $ -}}
{{- if and .enabled (lt (int $has) (int $needs)) -}}
{{- fail (printf "database.cloudNativePG.parameters.max_connections %s: with all pods of these values up to %s connections are open, and PostgreSQL refuses what comes after its limit; set it to \"%s\" or more, or fewer replicas and autoscaling.maxReplicas (docs/sizing.md)" $has $needs $needs) -}}
{{- end -}}
{{- end -}}
{{- end -}}
