"""Field numbers of the messages that newer kubectls send in protobuf (kubectl create, kubectl auth can-i).

One message per line: `Name: field=number:type ...`. Types are str, int, bool, bytes, time, quantity, int-or-str or the
name of a message; `[type]` repeats and `{type}` is a map from strings. `?` marks a number or boolean that is written
even when it is zero, because it is an optional one.
"""

_TEXT = """
ObjectMeta: name=1:str generateName=2:str namespace=3:str uid=5:str resourceVersion=6:str generation=7:int
 creationTimestamp=8:time labels=11:{str} annotations=12:{str} ownerReferences=13:[OwnerReference] finalizers=14:[str]
OwnerReference: kind=1:str name=3:str uid=4:str apiVersion=5:str controller=6:bool? blockOwnerDeletion=7:bool?
DeleteOptions: gracePeriodSeconds=1:int? preconditions=2:Preconditions orphanDependents=3:bool?
 propagationPolicy=4:str dryRun=5:[str]
Preconditions: uid=1:str resourceVersion=2:str
Eviction: metadata=1:ObjectMeta deleteOptions=2:DeleteOptions
Namespace: metadata=1:ObjectMeta spec=2:NamespaceSpec status=3:Nothing
NamespaceSpec: finalizers=1:[str]
ConfigMap: metadata=1:ObjectMeta data=2:{str} binaryData=3:{bytes} immutable=4:bool?
Secret: metadata=1:ObjectMeta data=2:{bytes} type=3:str stringData=4:{str} immutable=5:bool?
ServiceAccount: metadata=1:ObjectMeta
Service: metadata=1:ObjectMeta spec=2:ServiceSpec status=3:Nothing
ServiceSpec: ports=1:[ServicePort] selector=2:{str} clusterIP=3:str type=4:str externalIPs=5:[str]
 sessionAffinity=7:str loadBalancerIP=8:str externalName=10:str externalTrafficPolicy=11:str
 healthCheckNodePort=12:int publishNotReadyAddresses=13:bool
ServicePort: name=1:str protocol=2:str port=3:int targetPort=4:int-or-str nodePort=5:int
LabelSelector: matchLabels=1:{str} matchExpressions=2:[LabelSelectorRequirement]
LabelSelectorRequirement: key=1:str operator=2:str values=3:[str]
PodTemplateSpec: metadata=1:ObjectMeta spec=2:PodSpec
PodSpec: containers=2:[Container] restartPolicy=3:str terminationGracePeriodSeconds=4:int? dnsPolicy=6:str
 nodeSelector=7:{str} serviceAccountName=8:str serviceAccount=9:str nodeName=10:str hostNetwork=11:bool
 hostPID=12:bool hostIPC=13:bool hostname=16:str subdomain=17:str schedulerName=19:str priorityClassName=24:str
Container: name=1:str image=2:str command=3:[str] args=4:[str] workingDir=5:str ports=6:[ContainerPort] env=7:[EnvVar]
 resources=8:ResourceRequirements terminationMessagePath=13:str imagePullPolicy=14:str stdin=16:bool stdinOnce=17:bool
 tty=18:bool terminationMessagePolicy=20:str
ContainerPort: name=1:str hostPort=2:int containerPort=3:int protocol=4:str hostIP=5:str
EnvVar: name=1:str value=2:str
ResourceRequirements: limits=1:{quantity} requests=2:{quantity}
Deployment: metadata=1:ObjectMeta spec=2:DeploymentSpec status=3:Nothing
DeploymentSpec: replicas=1:int? selector=2:LabelSelector template=3:PodTemplateSpec strategy=4:DeploymentStrategy
 minReadySeconds=5:int revisionHistoryLimit=6:int? paused=7:bool progressDeadlineSeconds=9:int?
DeploymentStrategy: type=1:str rollingUpdate=2:RollingUpdateDeployment
RollingUpdateDeployment: maxUnavailable=1:int-or-str maxSurge=2:int-or-str
Job: metadata=1:ObjectMeta spec=2:JobSpec status=3:Nothing
JobSpec: parallelism=1:int? completions=2:int? activeDeadlineSeconds=3:int? selector=4:LabelSelector
 manualSelector=5:bool? template=6:PodTemplateSpec backoffLimit=7:int? ttlSecondsAfterFinished=8:int?
 completionMode=9:str suspend=10:bool?
CronJob: metadata=1:ObjectMeta spec=2:CronJobSpec status=3:Nothing
CronJobSpec: schedule=1:str startingDeadlineSeconds=2:int? concurrencyPolicy=3:str suspend=4:bool?
 jobTemplate=5:JobTemplateSpec successfulJobsHistoryLimit=6:int? failedJobsHistoryLimit=7:int?
JobTemplateSpec: metadata=1:ObjectMeta spec=2:JobSpec
PodDisruptionBudget: metadata=1:ObjectMeta spec=2:PodDisruptionBudgetSpec status=3:Nothing
PodDisruptionBudgetSpec: minAvailable=1:int-or-str selector=2:LabelSelector maxUnavailable=3:int-or-str
 unhealthyPodEvictionPolicy=4:str
Role: metadata=1:ObjectMeta rules=2:[PolicyRule]
ClusterRole: metadata=1:ObjectMeta rules=2:[PolicyRule]
PolicyRule: verbs=1:[str] apiGroups=2:[str] resources=3:[str] resourceNames=4:[str] nonResourceURLs=5:[str]
RoleBinding: metadata=1:ObjectMeta subjects=2:[Subject] roleRef=3:RoleRef
ClusterRoleBinding: metadata=1:ObjectMeta subjects=2:[Subject] roleRef=3:RoleRef
Subject: kind=1:str apiGroup=2:str name=3:str namespace=4:str
RoleRef: apiGroup=1:str kind=2:str name=3:str
PriorityClass: metadata=1:ObjectMeta value=2:int? globalDefault=3:bool description=4:str preemptionPolicy=5:str
SelfSubjectAccessReview: metadata=1:ObjectMeta spec=2:SelfSubjectAccessReviewSpec status=3:Nothing
SelfSubjectAccessReviewSpec: resourceAttributes=1:ResourceAttributes nonResourceAttributes=2:NonResourceAttributes
ResourceAttributes: namespace=1:str verb=2:str group=3:str version=4:str resource=5:str subresource=6:str name=7:str
NonResourceAttributes: path=1:str verb=2:str
SelfSubjectRulesReview: metadata=1:ObjectMeta spec=2:SelfSubjectRulesReviewSpec status=3:Nothing
SelfSubjectRulesReviewSpec: namespace=1:str
SelfSubjectReview: metadata=1:ObjectMeta status=2:Nothing
"""

NOTHING = "Nothing"
"""The type of what the server fills in itself: a status, which is left unread."""


def parse_schema(text: str = _TEXT) -> dict[str, dict[int, tuple[str, str]]]:
    """The (field, type) of every number of every message."""
    messages: dict[str, dict[int, tuple[str, str]]] = {}
    for line in text.replace("\n ", " ").strip().splitlines():
        name, _, fields = line.partition(": ")
        messages[name] = {}
        for entry in fields.split():
            field, _, rest = entry.partition("=")
            number, _, its_type = rest.partition(":")
            messages[name][int(number)] = (field, its_type)
    return messages
