function Step-LabTime {
    <#
    .SYNOPSIS
    Lets the time of a lab go on, and returns what time it is there (UTC).
    #>
    [OutputType([string])]
    param(
        # $PSCmdlet of the lab's command, and what was bound: Minutes, To.
        [Management.Automation.PSCmdlet] $Cmdlet,
        [Collections.IDictionary] $Bound,

        # Folder and TenantId.
        [hashtable] $Lab
    )

    $request = @{ call = 'labTime'; lab = $Lab.Folder }
    if ($Bound.ContainsKey('Minutes')) { $request.advanceMinutes = $Bound['Minutes'] }
    if ($Bound.ContainsKey('To')) { $request.advanceTo = ConvertTo-LabArgument $Bound['To'] }
    (Invoke-NativeCall $Cmdlet $request).now
}
