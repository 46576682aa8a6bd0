{{/* Names, labels, and what the schema cannot say. All that takes a component is given a dict with root and name. */}}

{{/* Name of the program's objects, at most 40 characters: components and Kubernetes add to it. */}}
{{- define "tandem.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "tandem.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "tandem.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "tandem.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{- define "tandem.componentName" -}}
{{ include "tandem.fullname" .root }}-{{ .name }}
{{- end -}}

{{/* Labels by which pods are found. They never change in an upgrade. */}}
{{- define "tandem.selectorLabels" -}}
app.kubernetes.io/name: {{ include "tandem.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "tandem.labels" -}}
{{ include "tandem.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "tandem.componentSelector" -}}
{{ include "tandem.selectorLabels" .root }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{- define "tandem.componentLabels" -}}
{{ include "tandem.labels" .root }}
app.kubernetes.io/component: {{ .name }}
{{- end -}}

{{/* Name and labels of a component's object. */}}
{{- define "tandem.componentMetadata" -}}
name: {{ include "tandem.componentName" . }}
labels:
  {{- include "tandem.componentLabels" . | nindent 2 }}
{{- end -}}

{{- define "tandem.image" -}}
{{- if .Values.image.digest -}}
{{ .Values.image.repository }}@{{ .Values.image.digest }}
{{- else -}}
{{ .Values.image.repository }}:{{ default .Chart.AppVersion .Values.image.tag }}
{{- end -}}
{{- end -}}

{{/* The Service for people's requests. */}}
{{- define "tandem.httpService" -}}
{{- if eq .Values.scenario "single" -}}
{{ include "tandem.fullname" . }}
{{- else -}}
{{ include "tandem.componentName" (dict "root" . "name" "gateway") }}
{{- end -}}
{{- end -}}

{{- define "tandem.publicUrl" -}}
{{- required "publicUrl is required: the https address that people and verifiers use, e.g. --set publicUrl=https://badges.example.org" .Values.publicUrl | trimSuffix "/" -}}
{{- end -}}

{{- define "tandem.host" -}}
{{- regexReplaceAll ":[0-9]+$" (urlParse (include "tandem.publicUrl" .)).host "" -}}
{{- end -}}

{{/* What encrypts the keys of issuers, the first of several for new ones. */}}
{{- define "tandem.keeperSecret" -}}
{{- if .Values.issuerKeeper.secretName -}}
{{ .Values.issuerKeeper.secretName }}
{{- else if and (eq .Values.scenario "cluster") (not .Values.issuerKeeper.url) -}}
{{ .Values.keys.prefix }}-keeper
{{- end -}}
{{- end -}}

{{- define "tandem.issuerKeeper" -}}
{{- $path := ternary "/etc/tandem/issuer-keeper/keeper.key" "" (not (empty (include "tandem.keeperSecret" .))) -}}
{{- list .Values.issuerKeeper.url $path | compact | join "," -}}
{{- end -}}

{{/* Secrets that are called after the prefix where values name no other. */}}
{{- define "tandem.servicesSecret" -}}
{{ default (printf "%s-database" .Values.keys.prefix) .Values.database.servicesSecretName }}
{{- end -}}

{{- define "tandem.ownerSecret" -}}
{{ default (printf "%s-database" .Values.keys.prefix) .Values.database.secretName }}
{{- end -}}

{{- define "tandem.cnpgOwnerSecret" -}}
{{ default (printf "%s-database-owner" .Values.keys.prefix) .Values.database.cloudNativePG.ownerSecretName }}
{{- end -}}

{{- define "tandem.natsSecret" -}}
{{- if .Values.nats.enabled -}}
{{ default (printf "%s-nats" .Values.keys.prefix) .Values.nats.auth.secretName }}
{{- else -}}
{{ .Values.nats.external.secretName }}
{{- end -}}
{{- end -}}

{{- define "tandem.tlsSecret" -}}
{{ default (printf "%s-tls" (include "tandem.fullname" .root)) .root.Values.tls.secretPrefix }}-{{ .name }}
{{- end -}}

{{/* Class of a claim: nothing for the cluster's default, the empty class for volumes made by hand. */}}
{{- define "tandem.storageClass" -}}
{{- if eq . "-" -}}
storageClassName: ""
{{- else if . -}}
storageClassName: {{ . }}
{{- end -}}
{{- end -}}

{{/* Which services a component calls, by the code of each. Environment and network policies are made from it. */}}
{{- define "tandem.calls" -}}
{{- get (dict "gateway" "schools assessments evidence badges" "schools" "assessments" "assessments" "schools" "evidence" "schools" "badges" "schools assessments evidence") . -}}
{{- end -}}

{{/* Components that read or write evidence files, published pages or the public log. */}}
{{- define "tandem.usesBlobs" -}}
{{- if has . (list "assessments" "evidence" "badges") }}true{{ end -}}
{{- end -}}

{{/* Least number of pods of a component. */}}
{{- define "tandem.leastReplicas" -}}
{{- $c := index .root.Values .name -}}
{{- ternary $c.autoscaling.minReplicas $c.replicas $c.autoscaling.enabled -}}
{{- end -}}

{{/* Connections to PostgreSQL that the program may have open at most: a pool of 16 for each pod. A rollout adds two pods of each
     component, one that starts and one that drains; 20 are for migration, backup and the operator's tools. */}}
{{- define "tandem.connections" -}}
{{- $pods := 0 -}}
{{- range include "tandem.owners" . | splitList " " -}}
{{- $c := index $.Values . -}}
{{- $pods = add $pods 2 (ternary $c.autoscaling.maxReplicas $c.replicas $c.autoscaling.enabled) -}}
{{- end -}}
{{- add (mul 16 $pods) 20 -}}
{{- end -}}

{{/* Nine tenths of a memory limit in bytes: Go collects harder before Kubernetes ends the pod. */}}
{{- define "tandem.goMemory" -}}
{{- $units := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 -}}
{{- $text := . | toString -}}
{{- $number := regexFind "^[0-9.]+" $text -}}
{{- mulf (float64 $number) (index $units (trimPrefix $number $text)) 0.9 | int64 -}}
{{- end -}}
