@{
    Severity     = @('Error', 'Warning', 'Information')
    ExcludeRules = @(
        # Private functions of one caller each take positional arguments where the reader sees what they are.
        'PSAvoidUsingPositionalParameters'
        # The build talks to the person who started it.
        'PSAvoidUsingWriteHost'
    )
    Rules        = @{
        PSUseCompatibleSyntax = @{
            Enable         = $true
            TargetVersions = @('5.1', '7.0')
        }
    }
}
